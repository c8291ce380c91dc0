//! RFC 2822 §3.3 and §4.3, and so the dates of RFC 822 and RFC 9110.

use std::time::SystemTime;

use super::at::{Clock, calendar_date, instant, offset};
use super::scanner::Scanner;

/// `Fri, 17 May 2024 10:08:07 GMT`. The day of the week is not compared with the date.
pub(super) fn rfc_2822(text: &str) -> Option<SystemTime> {
    let mut at = Scanner::new(text);
    gap(&mut at);
    day_of_week(&mut at)?;
    let day = at.digits(2).or_else(|| at.digits(1))?;
    required_gap(&mut at)?;
    let month = month(&mut at)?;
    required_gap(&mut at)?;
    let year = year(&mut at)?;
    let hour = at.digits(2)?;
    colon(&mut at)?;
    let minute = at.digits(2)?;
    let second = match colon(&mut at) {
        Some(()) => at.digits(2)?,
        None => 0,
    };
    required_gap(&mut at)?;
    let east = match at.sign() {
        Some(sign) => offset(sign, at.digits(2)?, at.digits(2)?)?,
        None => zone(&mut at)? * 3600,
    };
    gap(&mut at);
    at.at_end()?;
    let date = calendar_date(year, month, day)?;
    instant(date, Clock { hour, minute, second, nanosecond: 0 }, east)
}

fn day_of_week(at: &mut Scanner<'_>) -> Option<()> {
    let mut after = *at;
    if let Some(b"mon" | b"tue" | b"wed" | b"thu" | b"fri" | b"sat" | b"sun") = after.three_letters().as_ref()
    {
        after.expect(b',')?;
        gap(&mut after);
        *at = after;
    }
    Some(())
}

fn month(at: &mut Scanner<'_>) -> Option<u32> {
    Some(match &at.three_letters()? {
        b"jan" => 1,
        b"feb" => 2,
        b"mar" => 3,
        b"apr" => 4,
        b"may" => 5,
        b"jun" => 6,
        b"jul" => 7,
        b"aug" => 8,
        b"sep" => 9,
        b"oct" => 10,
        b"nov" => 11,
        b"dec" => 12,
        _ => return None,
    })
}

/// The year, and the gap behind it. A year of two digits is one of 1950 to 2049; only behind it a comment may stand.
fn year(at: &mut Scanner<'_>) -> Option<i32> {
    let Some(year) = at.digits(4) else {
        let year = i32::try_from(at.digits(2)?).ok()?;
        required_gap(at)?;
        return Some(if year < 50 { 2000 + year } else { 1900 + year });
    };
    blank(at).then_some(())?;
    while blank(at) {}
    i32::try_from(year).ok().filter(|year| *year >= 1900)
}

/// Hours east of UTC. The letters of the military mean UTC, since RFC 822 had their signs the wrong way round.
fn zone(at: &mut Scanner<'_>) -> Option<i32> {
    match at.rest() {
        [letter] if letter.is_ascii_alphabetic() && !letter.eq_ignore_ascii_case(&b'J') => {
            at.next();
            return Some(0);
        }
        [b'U' | b'u', b'T' | b't'] => {
            at.next();
            at.next();
            return Some(0);
        }
        _ => {}
    }
    Some(match &at.three_letters()? {
        b"gmt" => 0,
        b"edt" => -4,
        b"est" | b"cdt" => -5,
        b"cst" | b"mdt" => -6,
        b"mst" | b"pdt" => -7,
        b"pst" => -8,
        _ => return None,
    })
}

fn colon(at: &mut Scanner<'_>) -> Option<()> {
    let mut after = *at;
    gap(&mut after);
    after.expect(b':')?;
    gap(&mut after);
    *at = after;
    Some(())
}

fn required_gap(at: &mut Scanner<'_>) -> Option<()> {
    let before = at.rest().len();
    gap(at);
    (at.rest().len() < before).then_some(())
}

/// Blanks, folded lines and comments.
fn gap(at: &mut Scanner<'_>) {
    while blank(at) || comment(at) {}
}

/// One blank, which may be the first of a line that belongs to the one before.
fn blank(at: &mut Scanner<'_>) -> bool {
    let mut after = *at;
    if after.eat(b'\r') && !after.eat(b'\n') {
        return false;
    }
    let is_there = after.eat(b' ') || after.eat(b'\t');
    if is_there {
        *at = after;
    }
    is_there
}

/// A text in parentheses, which may have comments inside.
fn comment(at: &mut Scanner<'_>) -> bool {
    let mut after = *at;
    let mut depth = 0_usize;
    loop {
        if depth > 0 && blank(&mut after) {
            continue;
        }
        match after.next() {
            Some(b'(') => depth += 1,
            Some(b')') if depth == 1 => break,
            Some(b')') if depth > 1 => depth -= 1,
            Some(b'\\') if depth > 0 && after.next().is_some_and(is_in_comment) => {}
            Some(byte) if depth > 0 && is_in_comment(byte) => {}
            _ => return false,
        }
    }
    *at = after;
    true
}

fn is_in_comment(byte: u8) -> bool {
    byte.is_ascii() && !matches!(byte, b'\0' | b'\r' | b'\n')
}
