//! Moments as logs write them: ISO 8601, epochs in s, ms, µs and ns, and the forms of web servers.

use jiff::civil;

const NANOS: i64 = 1_000_000_000;

/// A moment in nanoseconds: since 1970, or since some beginning where the log counts from one.
pub(super) type Nanos = i64;

/// A moment; numbers without a unit are epochs by their size.
pub(super) fn moment(text: &str, unit: Option<f64>) -> Option<Nanos> {
    let bytes = text.as_bytes();
    match bytes.first()? {
        b'0'..=b'9' if bytes.get(4) == Some(&b'-') => iso(text),
        b'0'..=b'9' | b'-' | b'+' if text.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b)) => {
            epoch(text, unit)
        }
        _ => named(text),
    }
}

/// Exact: a float has no room for today in nanoseconds.
fn epoch(text: &str, unit: Option<f64>) -> Option<Nanos> {
    if text.contains(['e', 'E']) {
        let value: f64 = text.parse().ok()?;
        return epoch(&format!("{value:.9}"), unit);
    }
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let seconds: i128 = whole.parse().ok()?;
    let digits = match unit {
        Some(unit) if unit < 5e-9 => 0,
        Some(unit) if unit < 5e-6 => 3,
        Some(unit) if unit < 5e-3 => 6,
        Some(_) => 9,
        None => match seconds.unsigned_abs() {
            0..100_000_000_000 => 9,
            100_000_000_000..100_000_000_000_000 => 6,
            100_000_000_000_000..100_000_000_000_000_000 => 3,
            _ => 0,
        },
    };
    let part: i128 = match part.get(..part.len().min(digits)) {
        Some("") | None => 0,
        Some(part) => part.parse::<i128>().ok()? * 10_i128.pow((digits - part.len()) as u32),
    };
    let sign = if whole.starts_with('-') { -1 } else { 1 };
    i64::try_from(seconds * 10_i128.pow(digits as u32) + sign * part).ok()
}

/// `2026-09-21T12:00:00.5Z`, with a space for the T, a comma for the point, an offset or none: then it is UTC.
fn iso(text: &str) -> Option<Nanos> {
    let (date, rest) = (text.get(..10)?, text.get(10..)?);
    let mut fields = date.split('-');
    let (year, month, day) = (fields.next()?, fields.next()?, fields.next()?);
    if rest.is_empty() {
        return date_and_time((year, month, day), (0, 0, 0, 0));
    }
    let rest = rest.strip_prefix(['T', 't', ' ', '_'])?;
    let rest = rest.strip_suffix(" UTC").unwrap_or(rest);
    // The sign of an offset, and of nothing else.
    let zone = rest.find(['Z', 'z', '+', '-', ' ']).unwrap_or(rest.len());
    let (hours, offset) = (rest.get(..zone)?, rest.get(zone..)?.trim_start());
    Some(date_and_time((year, month, day), time(hours)?)? - shift(offset)?)
}

fn date_and_time(date: (&str, &str, &str), time: (i8, i8, i8, i32)) -> Option<Nanos> {
    let date = civil::Date::new(date.0.parse().ok()?, date.1.parse().ok()?, date.2.parse().ok()?).ok()?;
    // Days since 1970, by the algorithm of the proleptic calendar: zones are none of its business.
    let days = i64::from(date.duration_since(civil::date(1970, 1, 1)).as_hours() as i32 / 24);
    let seconds = days * 86_400 + i64::from(time.0) * 3600 + i64::from(time.1) * 60 + i64::from(time.2);
    seconds.checked_mul(NANOS)?.checked_add(i64::from(time.3))
}

/// `12:00:00.123`: hours, minutes, seconds, nanoseconds.
fn time(text: &str) -> Option<(i8, i8, i8, i32)> {
    let mut parts = text.split(':');
    let (hours, minutes, seconds) = (parts.next()?, parts.next()?, parts.next().unwrap_or("0"));
    let (seconds, part) = seconds.split_once(['.', ',']).unwrap_or((seconds, ""));
    let mut nanos = 0;
    for at in 0..9 {
        let digit = part.as_bytes().get(at).copied().unwrap_or(b'0');
        nanos = nanos * 10 + i32::from(digit.checked_sub(b'0').filter(|digit| *digit < 10)?);
    }
    let (hours, minutes, seconds) = (hours.parse().ok()?, minutes.parse().ok()?, seconds.parse().ok()?);
    let is_right = (0..24).contains(&hours) && (0..60).contains(&minutes) && (0..=60).contains(&seconds);
    (is_right && parts.next().is_none()).then_some((hours, minutes, seconds, nanos))
}

/// `Z`, `+02:00`, `+0200`, `+02`, or nothing.
fn shift(text: &str) -> Option<Nanos> {
    let sign = match text.as_bytes().first() {
        None | Some(b'Z' | b'z') if text.len() < 2 => return Some(0),
        Some(b'+') => 1,
        Some(b'-') => -1,
        _ => return None,
    };
    let digits: String = text[1..].chars().filter(|c| *c != ':').collect();
    let is_right = matches!(digits.len(), 2 | 4) && digits.bytes().all(|b| b.is_ascii_digit());
    let hours: i64 = digits.get(..2).filter(|_| is_right)?.parse().ok()?;
    let minutes: i64 = digits.get(2..).filter(|minutes| !minutes.is_empty()).map_or(Some(0), |m| m.parse().ok())?;
    Some(sign * (hours * 60 + minutes) * 60 * NANOS)
}

/// `21/Sep/2026:12:00:00 +0000` of web servers, `Mon Sep 21 12:00:00 2026` of C, `Mon, 21 Sep 2026 12:00:00 GMT` of mail.
fn named(text: &str) -> Option<Nanos> {
    let text = text.trim_matches(['[', ']']);
    let words: Vec<&str> = text.split([' ', '/', ',']).filter(|word| !word.is_empty()).collect();
    let (day, month, rest) = match words[..] {
        // The year and the hour hang together.
        [day, name, year_and_time, ref offset @ ..] if year_and_time.contains(':') && day.len() < 3 => {
            let (year, hours) = year_and_time.split_once(':')?;
            (day, month(name)?, (year, hours, offset.first().copied().unwrap_or_default()))
        }
        [_, name, day, hours, year] if hours.contains(':') => (day, month(name)?, (year, hours, "")),
        [_, day, name, year, hours, ref offset @ ..] if hours.contains(':') => {
            (day, month(name)?, (year, hours, offset.first().copied().unwrap_or_default()))
        }
        _ => return None,
    };
    let (year, hours, offset) = rest;
    let offset = if matches!(offset, "GMT" | "UTC") { "" } else { offset };
    Some(date_and_time((year, month, day), time(hours)?)? - shift(offset)?)
}

fn month(name: &str) -> Option<&'static str> {
    const MONTHS: [(&str, &str); 12] = [
        ("Jan", "1"),
        ("Feb", "2"),
        ("Mar", "3"),
        ("Apr", "4"),
        ("May", "5"),
        ("Jun", "6"),
        ("Jul", "7"),
        ("Aug", "8"),
        ("Sep", "9"),
        ("Oct", "10"),
        ("Nov", "11"),
        ("Dec", "12"),
    ];
    MONTHS.iter().find(|(known, _)| *known == name).map(|(_, number)| *number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_in_every_form_is_one() {
        let at = 1_790_000_000 * NANOS;
        for text in [
            "2026-09-21T14:13:20Z",
            "2026-09-21 14:13:20",
            "2026-09-21T14:13:20.000+00:00",
            "2026-09-21T16:13:20+0200",
            "2026-09-21 16:13:20 +0200",
            "2026-09-21 14:13:20,000",
            "2026-09-21 14:13:20 UTC",
            "21/Sep/2026:14:13:20 +0000",
            "[21/Sep/2026:16:13:20 +0200]",
            "Mon Sep 21 14:13:20 2026",
            "Mon, 21 Sep 2026 14:13:20 GMT",
            "1790000000",
            "1790000000.000",
            "1790000000000",
            "1790000000000000",
            "1790000000000000000",
            "1.79e9",
        ] {
            assert_eq!(moment(text, None), Some(at), "{text}");
        }
        assert_eq!(moment("1790000001358501229", None), Some(at + 1_358_501_229), "to the nanosecond");
        assert_eq!(moment("1790000001.358501", None), Some(at + 1_358_501_000));
        assert_eq!(moment("2026-09-21T14:13:21.3585012Z", None), Some(at + 1_358_501_200));
        assert_eq!(moment("21", None), Some(21 * NANOS), "since the beginning");
        assert_eq!(moment("1500", Some(1e-3)), Some(NANOS + NANOS / 2));
        for text in
            ["", "-", "yesterday", "2026-13-01T00:00:00Z", "2026-09-21T25:00:00Z", "12:00", "09/21/2026 12:00:00"]
        {
            assert_eq!(moment(text, None), None, "{text}");
        }
    }

    #[test]
    fn a_leap_day_is_a_day() {
        let day = |text| moment(text, None).unwrap() / NANOS / 86_400;
        assert_eq!(day("2024-03-01") - day("2024-02-28"), 2);
        assert_eq!(day("1970-01-02"), 1);
    }
}
