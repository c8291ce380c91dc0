//! Formats numbers without an allocation and without the standard library's formatting, which costs more than
//! the digits.

/// A number in decimal digits.
pub(crate) struct Decimal {
    text: [u8; 20],
    start: usize,
}

impl Decimal {
    pub(crate) fn of(mut number: u64) -> Self {
        let (mut text, mut start) = ([b'0'; 20], 20);
        for digit in text.iter_mut().rev() {
            *digit = b'0' + (number % 10) as u8;
            start -= 1;
            number /= 10;
            if number == 0 {
                break;
            }
        }
        Self { text, start }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.text.get(self.start..).unwrap_or_default()
    }
}

/// Bytes as lower-case hexadecimal digits, one pair per byte. Without a table, so that the compiler converts many
/// bytes at a time.
pub(crate) fn hex<const N: usize>(bytes: [u8; N]) -> [[u8; 2]; N] {
    let mut text = [[0; 2]; N];
    for (digits, byte) in text.iter_mut().zip(&bytes) {
        *digits = [hex_digit(byte >> 4), hex_digit(byte & 15)];
    }
    text
}

/// The same as text, for bytes of any number.
#[cfg(any(feature = "roles-anywhere", feature = "sigv4a"))]
pub(crate) fn hex_text(bytes: &[u8]) -> String {
    bytes.iter().flat_map(|byte| hex([*byte])).flatten().map(char::from).collect()
}

fn hex_digit(nibble: u8) -> u8 {
    nibble + if nibble < 10 { b'0' } else { b'a' - 10 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_match_the_standard_library() {
        for number in [0, 1, 9, 10, 99, 100, 43_200, u64::from(u32::MAX), u64::MAX] {
            assert_eq!(Decimal::of(number).as_bytes(), number.to_string().as_bytes());
        }
        for byte in 0..=u8::MAX {
            assert_eq!(hex([byte, 0x0f]).as_flattened(), format!("{byte:02x}0f").as_bytes());
        }
    }
}
