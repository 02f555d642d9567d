//! Elementary functions that give the same bytes on every platform; the only file that names `libm`.
//!
//! The standard library's `ln`, `exp` and the like call the platform's C library, whose last digit differs between
//! systems, and a report must not. [`special`] and [`gamma`] build the functions of statistics on these alone.
//! Addition, multiplication, division and the square root are exact by IEEE 754 wherever they are done.

pub mod gamma;
pub mod special;

macro_rules! thin {
    ($($(#[$doc:meta])* $name:ident($($x:ident),+) = $from:ident;)+) => {
        $($(#[$doc])* #[inline] pub fn $name($($x: f64),+) -> f64 { libm::$from($($x),+) })+
    };
}

thin! {
    /// The natural logarithm; −∞ at 0, undefined below.
    ln(x) = log;
    /// `ln(1 + x)`, accurate where `x` is small.
    ln_1p(x) = log1p;
    /// e to the power `x`.
    exp(x) = exp;
    /// `exp(x) - 1`, accurate where `x` is small.
    exp_m1(x) = expm1;
    /// The square root.
    sqrt(x) = sqrt;
    /// `x` to the power `y`.
    pow(x, y) = pow;
    /// The sine of an angle in radians.
    sin(x) = sin;
    /// The cosine of an angle in radians.
    cos(x) = cos;
    /// The largest whole number that is at most `x`.
    floor(x) = floor;
    /// The smallest whole number that is at least `x`.
    ceil(x) = ceil;
    /// The nearest whole number, ties away from zero.
    round(x) = round;
    /// The complementary error function, `2/√π ∫ₓ^∞ exp(−t²) dt`.
    erfc(x) = erfc;
    /// The logarithm of the gamma function, for `x > 0`.
    ln_gamma(x) = lgamma;
    /// The base-10 logarithm.
    log10(x) = log10;
    /// The base-2 logarithm.
    log2(x) = log2;
}

#[cfg(test)]
mod tests {
    /// The last bits, frozen: a platform or a release of `libm` that rounds otherwise would change reports.
    #[test]
    fn last_bits_are_frozen() {
        let seen = [
            super::ln(0.3),
            super::ln_1p(1e-3),
            super::exp(1.1),
            super::exp_m1(1e-3),
            super::pow(2.7, 3.3),
            super::sin(1.0),
            super::erfc(0.7),
            super::ln_gamma(4.5),
        ]
        .map(f64::to_bits);
        let frozen = [
            0xbff3_4378_fcbd_a721,
            0x3f50_6035_4f8c_3ebf,
            0x4008_0888_3244_d593,
            0x3f50_6466_dfb8_cf3a,
            0x403a_83fa_3634_a624,
            0x3fea_ed54_8f09_0cee,
            0x3fd4_9ee7_bdd1_d374,
            0x4003_a140_a3a6_23cb,
        ];
        assert_eq!(seen, frozen, "{seen:#018x?}");
    }
}
