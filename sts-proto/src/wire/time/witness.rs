//! The readers of the crate `time`, which are several times larger, as a witness of ours.
//!
//! Ours differ on purpose: a leap second without an offset is one in UTC, and where no leap second can be, a text is refused
//! (these readers drop the time of day); `-0030` of RFC 2822 is west of UTC; a number of seconds is exact; and a carriage
//! return alone is no blank.

use std::time::{Duration, SystemTime};

use time::OffsetDateTime;
use time::format_description::well_known::{Iso8601, Rfc2822, Rfc3339};

use super::{from_fraction, from_seconds};

#[test]
fn dates_are_read_as_the_crate_time_reads_them() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut read = 0;
    for _ in 0..ROUNDS {
        let text = random.text();
        if text.contains("-00") && text.contains(char::is_alphabetic) && rfc_2822(&text).is_some() {
            continue;
        }
        let (ours, theirs) = (super::parse(&text), parse(text.trim()));
        let is_same = match (ours, theirs) {
            (Some(ours), Some(theirs)) => {
                let distance = ours.duration_since(theirs).or_else(|_| theirs.duration_since(ours));
                // Doubles around the year 9999 are 30 µs apart.
                let is_number = epoch_seconds(text.trim()).is_some();
                distance
                    .is_ok_and(|distance| distance <= Duration::from_micros(if is_number { 16 } else { 0 }))
            }
            _ => ours == theirs,
        };
        assert!(is_same, "{text:?}: {ours:?}, and the witness reads {theirs:?}");
        read += usize::from(ours.is_some());
    }
    assert!(read > ROUNDS / 8, "{read} of {ROUNDS} are dates");
}

fn parse(text: &str) -> Option<SystemTime> {
    if text.len() > 64 {
        return None;
    }
    if text.starts_with(|first: char| first.is_ascii_alphabetic()) {
        return rfc_2822(text);
    }
    OffsetDateTime::parse(text, &Rfc3339)
        .ok()
        .and_then(instant)
        .or_else(|| epoch_seconds(text))
        .or_else(|| rfc_2822(text))
        .or_else(|| iso_8601(text))
        .or_else(|| in_words(text))
}

fn rfc_2822(text: &str) -> Option<SystemTime> {
    OffsetDateTime::parse(text, &Rfc2822).ok().and_then(instant)
}

fn iso_8601(text: &str) -> Option<SystemTime> {
    let read = |text: &str| OffsetDateTime::parse(text, &Iso8601::PARSING).ok();
    let midnight = || {
        format!("{text}T00{}Z", if text.get(1..).is_some_and(|text| text.contains('-')) { ":00" } else { "" })
    };
    read(text)
        .or_else(|| read(&format!("{text}Z")))
        .or_else(|| (!text.contains('T')).then(|| read(&midnight()))?)
        .and_then(instant)
}

fn in_words(text: &str) -> Option<SystemTime> {
    let named = ["UTC", "GMT", "Z"].into_iter().find_map(|name| {
        let (before, end) = text.split_at_checked(text.len().checked_sub(name.len())?)?;
        end.eq_ignore_ascii_case(name).then_some(before)
    });
    let words: Vec<_> = named.unwrap_or(text).split_ascii_whitespace().collect();
    let whole = match words[..] {
        [date] => date.to_owned(),
        [date, time] => format!("{date}T{time}"),
        [date, time, offset] => format!("{date}T{time}{offset}"),
        _ => return None,
    };
    if named.is_none() {
        return iso_8601(&whole);
    }
    if !whole.contains(['T', 't']) {
        return None;
    }
    let is_utc = ["+00:00", "+0000", "+00"].iter().any(|zero| whole.ends_with(zero));
    iso_8601(&format!("{whole}Z")).or_else(|| iso_8601(&whole).filter(|_| is_utc))
}

fn epoch_seconds(text: &str) -> Option<SystemTime> {
    if !text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-')) {
        return None;
    }
    match text.parse() {
        Ok(seconds) => from_seconds(seconds),
        Err(_) => from_fraction(text.parse().ok()?),
    }
}

fn instant(value: OffsetDateTime) -> Option<SystemTime> {
    from_seconds(value.unix_timestamp())?.checked_add(Duration::from_nanos(value.nanosecond().into()))
}

/// xorshift64, of which the tests repeat.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as usize % bound
    }

    fn one<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    /// A date with up to three changes.
    fn text(&mut self) -> String {
        let mut text = self.one(DATES).as_bytes().to_vec();
        for _ in 0..self.below(4) {
            let at = self.below(text.len());
            match self.below(6) {
                0 => drop(text.remove(at)),
                1 => text.insert(at, self.one(BYTES)),
                2 => text.insert(at, text[at]),
                3 => text[at] = self.one(BYTES),
                _ => match text.iter().skip(at).position(u8::is_ascii_digit) {
                    Some(digit) => text[at + digit] = self.one(b"00123456789"),
                    None => text[at].make_ascii_lowercase(),
                },
            }
            if text.is_empty() {
                break;
            }
        }
        String::from_utf8(text).unwrap()
    }
}

const ROUNDS: usize = 100_000;
const BYTES: &[u8] = b"0123456789+-:., \tTtZzWUTCGMeE(\\)ajn\x0b\x7f\"";
const DATES: &[&str] = &[
    "2024-05-17T10:08:07Z",
    "2024-05-17t10:08:07.123456789z",
    "2024-05-17 23:59:60+00:00",
    "2016-12-31T23:59:60Z",
    "2016-12-31T18:59:60-05:00",
    "2017-01-01T05:29:60+05:30",
    "0000-01-01T00:00:00Z",
    "9999-12-31T23:59:59.9999999999Z",
    "2024-02-29T15:38:07+05:30",
    "2023-02-28T15:38:07-2359",
    "2024-05-17T10:08:07",
    "2024-05-17T10:08",
    "2024-05-17T10:08.5",
    "2024-05-17T10:08,5+01",
    "2024-05-17T10.25",
    "2024-05-17T10,99999999Z",
    "2024-05-17T1008:07",
    "20240517T100807Z",
    "20240517T100807.25+0130",
    "20240517T1008",
    "20240517T10",
    "20240517T10-03",
    "2024-05-17",
    "20240517",
    "2024-138T10:08:07Z",
    "2024138T10",
    "2024-W20-5T10:08:07",
    "2024W205",
    "2020-W53-7",
    "+002024-05-17T10:08:07Z",
    "-000001-12-31T23:30:00-01:00",
    "+0099991231T235959-00",
    "2024-05-17 10:08:07",
    "2024-05-17T10:08:07UTC",
    "2024-05-17  10:08:07  utc",
    "2024-05-17 10:08:07.5 GMT",
    "2024-05-17 10:08:07 +0000 UTC",
    "2024-05-17 12:08:07 +02:00",
    "20240517T100807UTC",
    "2024-05-17 10:08:60 Z",
    "1715940487",
    "-1715940487.5",
    "1715940487.123456789",
    "1.715940487e9",
    ".5E+09",
    "17159404870000.e-4",
    "0e99999999999",
    "Fri, 17 May 2024 10:08:07 GMT",
    "fri,17 MAY 24 10:08 +0200",
    "Sat, 31 Dec 2016 23:59:60 GMT",
    "31 Dec 2016 18:59:60 EST",
    "1 Jan 1950 00:00:00 UT",
    "01 Feb 49 00:00 Z",
    "Wed, 9 Oct (a (b) \\) c) 99 (x) 10 : 08 (y) : 07 -0730 (z)",
    "Thu, (t) 29 Feb 2024 \t10:08:07 PDT(x)",
    "Mon, 4 Mar 2024 10:08:07 A",
    "Tue, 4 Jun 2024 10:08:07 MST",
    "Sun, 4 Aug 2024 10:08:07 CDT",
    "4 Sep 2024 10:08:07 CST",
    "4 Jul 2024 10:08:07 MDT",
    "4 Nov 2024 10:08:07 PST",
    "4 Apr 2024 10:08:07 EDT",
];
