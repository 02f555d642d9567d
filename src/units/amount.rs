//! Amounts: bytes and money.

use super::error::{UnitError, refuse};
use crate::math;
use std::fmt;
use std::ops::{Add, AddAssign, Mul};

/// A number of bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bytes(pub u64);

impl Bytes {
    /// Reads `"512B"`, `"2KiB"` (1,024), `"10MB"` (1,000,000), `"1.5GiB"`.
    ///
    /// # Errors
    /// A missing or unknown unit, a negative size, or one over 8 EiB.
    pub fn parse(text: &str) -> Result<Bytes, UnitError> {
        const UNITS: [(&str, f64); 9] = [
            ("KiB", 1024.0),
            ("MiB", 1_048_576.0),
            ("GiB", 1_073_741_824.0),
            ("TiB", 1_099_511_627_776.0),
            ("KB", 1e3),
            ("MB", 1e6),
            ("GB", 1e9),
            ("TB", 1e12),
            ("B", 1.0),
        ];
        let text = text.trim();
        for (name, factor) in UNITS {
            if let Some(digits) = text.strip_suffix(name) {
                return match digits.trim().parse::<f64>() {
                    Ok(size) if size >= 0.0 && size * factor < 9e18 => Ok(Bytes(math::round(size * factor) as u64)),
                    _ => refuse("not a size: write for example \"512B\", \"2KiB\" or \"10MB\""),
                };
            }
        }
        refuse("not a size: write for example \"512B\", \"2KiB\" or \"10MB\"")
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, unit) in [("GB", 1_000_000_000), ("MB", 1_000_000), ("KB", 1_000)] {
            if self.0 >= unit && self.0.is_multiple_of(unit / 10) {
                return write!(f, "{}{name}", self.0 as f64 / unit as f64);
            }
        }
        for (name, unit) in [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)] {
            if self.0 >= unit && self.0.is_multiple_of(unit) {
                return write!(f, "{}{name}", self.0 / unit);
            }
        }
        write!(f, "{}B", self.0)
    }
}

/// An amount of money in US dollars.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct Money(f64);

impl Money {
    /// Nothing.
    pub const ZERO: Money = Money(0.0);

    /// An amount of at least 0 dollars.
    ///
    /// # Errors
    /// A negative or infinite number, or none.
    pub fn usd(dollars: f64) -> Result<Money, UnitError> {
        if dollars >= 0.0 && dollars.is_finite() {
            Ok(Money(dollars))
        } else {
            refuse("an amount of money must be at least 0")
        }
    }

    /// US dollars.
    pub fn dollars(self) -> f64 {
        self.0
    }
}

impl Add for Money {
    type Output = Money;
    fn add(self, other: Money) -> Money {
        Money(self.0 + other.0)
    }
}
impl AddAssign for Money {
    fn add_assign(&mut self, other: Money) {
        self.0 += other.0;
    }
}
impl Mul<f64> for Money {
    type Output = Money;
    fn mul(self, times: f64) -> Money {
        Money(self.0 * times)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_and_written_back() {
        for (text, bytes) in [("2KiB", 2048), ("10MB", 10_000_000), ("512B", 512), ("1.5KiB", 1536)] {
            assert_eq!(Bytes::parse(text), Ok(Bytes(bytes)), "{text}");
            assert_eq!(Bytes::parse(&Bytes(bytes).to_string()), Ok(Bytes(bytes)));
        }
        for text in ["12", "-1B", "NaNB", "1e300GB", "KiB", "2 parsecs"] {
            assert!(Bytes::parse(text).is_err(), "{text}");
        }
    }
}
