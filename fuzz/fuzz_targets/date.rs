//! Any text as a date: reading never panics, and agrees with other readers on what they can read.

#![no_main]

use std::time::{Duration, SystemTime};

use libfuzzer_sys::fuzz_target;
use sts_fuzz::dates;
use sts_proto::wire::time;

fuzz_target!(|text: &str| {
    let ours = time::parse(text);
    // The years 0 to 9999.
    let (earliest, latest) = (dates::instant(-62_167_219_200, 0), dates::instant(253_402_300_800, 0));
    let is_taken = |at: &SystemTime| Some(*at) >= earliest && Some(*at) < latest;
    if let Some(at) = ours {
        assert!(is_taken(&at), "{text:?} is {at:?}");
        assert_eq!(time::parse(&format!(" {text}\n")), ours, "white space around a date is ignored");
    }
    if text.len() > 64 {
        assert_eq!(ours.filter(|_| text.trim().len() > 64), None, "a long text is not a date");
        return;
    }
    if let Some(theirs) = dates::read(text) {
        assert_eq!(ours, Some(theirs).filter(is_taken), "{text:?}");
    }
    if let Ok(seconds) = text.trim().parse::<u32>() {
        assert_eq!(ours, Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds.into())), "{text:?}");
    }
});
