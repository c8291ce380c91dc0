//! The calendar: days since 1970 to dates and back, in the proleptic Gregorian calendar.

/// The days from 1970-01-01 to this date; `None` if there is no such date.
pub(crate) fn days(year: u32, month: u32, day: u32) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 => 28 + u32::from(leap),
        _ => return None,
    };
    if !(1..=length).contains(&day) {
        return None;
    }
    // Counted from March, so that the leap day is the last one of its year.
    let (year, month) =
        if month > 2 { (i64::from(year), month - 3) } else { (i64::from(year) - 1, month + 9) };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    Some(365 * year + leap_days + i64::from(before_month(month) + day) - 1 - FROM_MARCH_OF_0)
}

/// The seconds from the start of 1970 to this time of this date, each from the largest unit to the smallest; `None` if there is
/// no such date or time.
#[cfg(any(feature = "verify", feature = "roles-anywhere"))]
pub(crate) fn seconds([year, month, day]: [u32; 3], [hour, minute, second]: [u32; 3]) -> Option<i64> {
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    Some(86_400 * days(year, month, day)? + i64::from(3600 * hour + 60 * minute + second))
}

/// The year, month and day that are this many days after 1970-01-01; before it, if there are less than none.
pub(crate) fn date(days: i64) -> (i64, u8, u8) {
    let days = days + FROM_MARCH_OF_0;
    let (cycle, of_cycle) = (days.div_euclid(DAYS_OF_400_YEARS), days.rem_euclid(DAYS_OF_400_YEARS));
    // The leap days before it are left out: one in 4 years, but for one in 100, but for one in 400.
    let without_leap_days = of_cycle - of_cycle / 1_460 + of_cycle / 36_524 - of_cycle / 146_096;
    let of_400 = without_leap_days / 365;
    let of_year = (of_cycle - (365 * of_400 + of_400 / 4 - of_400 / 100)) as u32;
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - before_month(from_march) + 1;
    let (next_year, month) = if from_march < 10 { (0, from_march + 3) } else { (1, from_march - 9) };
    (400 * cycle + of_400 + next_year, month as u8, day as u8)
}

/// The days of a year before a month, both counted from March: five months in turn have 153 days.
fn before_month(from_march: u32) -> u32 {
    (153 * from_march + 2) / 5
}

/// From 0000-03-01 to 1970-01-01.
const FROM_MARCH_OF_0: i64 = 719_468;
const DAYS_OF_400_YEARS: i64 = 146_097;

#[cfg(test)]
mod tests {
    use super::*;

    /// Counted day by day from the year 0 to 9999.
    #[test]
    fn each_day_has_its_date() {
        let mut expected = -719_528;
        for year in 0..=9999 {
            for month in 1..=12 {
                for day in 1..=31 {
                    if let Some(days) = days(year, month, day) {
                        assert_eq!(days, expected);
                        assert_eq!(date(days), (year.into(), month as u8, day as u8));
                        expected += 1;
                    }
                }
            }
        }
        assert_eq!(expected, 2_932_897);
        assert_eq!(
            (days(1970, 1, 1), days(2000, 2, 29), days(1600, 2, 29)),
            (Some(0), Some(11_016), Some(-135_081))
        );
        for (year, month, day) in [
            (1900, 2, 29),
            (2023, 2, 29),
            (2024, 2, 30),
            (2024, 4, 31),
            (2024, 0, 1),
            (2024, 13, 1),
            (2024, 1, 0),
            (2024, 1, 32),
        ] {
            assert_eq!(days(year, month, day), None, "{year}-{month}-{day}");
        }
        assert_eq!(date(-719_529), (-1, 12, 31));
    }
}
