//! The first line of an XML document.

/// Whether what stands between `<?xml` and `?>` is a declaration (XML 1.0 §2.8): a version `1.x`, an encoding's name if
/// there is one, whether it stands alone if that is said. The encoding is not acted upon: answers are UTF-8.
pub(super) fn is_declaration(text: &str) -> bool {
    let Some((version, rest)) = pseudo_attribute(text, "version") else { return false };
    let (encoding, rest) = pseudo_attribute(rest, "encoding").unwrap_or(("UTF-8", rest));
    let (standalone, rest) = pseudo_attribute(rest, "standalone").unwrap_or(("no", rest));
    let minor = version.strip_prefix("1.").unwrap_or_default();
    !minor.is_empty()
        && minor.bytes().all(|byte| byte.is_ascii_digit())
        && encoding.starts_with(|c: char| c.is_ascii_alphabetic())
        && encoding.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
        && matches!(standalone, "yes" | "no")
        && rest.trim_start_matches(BLANKS).is_empty()
}

/// The value of ` name="value"` at the beginning of `text`, and what follows it.
fn pseudo_attribute<'a>(text: &'a str, name: &str) -> Option<(&'a str, &'a str)> {
    let rest = text.strip_prefix(BLANKS)?.trim_start_matches(BLANKS).strip_prefix(name)?;
    let rest = rest.trim_start_matches(BLANKS).strip_prefix('=')?.trim_start_matches(BLANKS);
    let quote = rest.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    rest.strip_prefix(quote)?.split_once(quote)
}

const BLANKS: [char; 4] = [' ', '\t', '\r', '\n'];

#[cfg(test)]
mod tests {
    use super::is_declaration;

    #[test]
    fn a_version_is_required_and_the_order_is_fixed() {
        for text in [
            " version='1.0'",
            " version=\"1.0\" ",
            "\n version = \"1.1\"\tencoding='utf-8'",
            " version='1.0' encoding='ISO-8859-1' standalone='yes'",
            " version='1.0' standalone='no'",
        ] {
            assert!(is_declaration(text), "{text}");
        }
        for text in [
            "",
            " ",
            "version='1.0'",
            " version=1.0",
            " version='1.0",
            " version='1.'",
            " version='2.0'",
            " version='1.x'",
            " ver='1.0'",
            " encoding='utf-8'",
            " encoding='utf-8' version='1.0'",
            " version='1.0'encoding='utf-8'",
            " version='1.0' encoding=''",
            " version='1.0' encoding='8'",
            " version='1.0' encoding='a b'",
            " version='1.0' standalone='maybe'",
            " version='1.0' standalone='no' encoding='utf-8'",
            " version='1.0' x='y'",
            " version='1.0' version='1.0'",
        ] {
            assert!(!is_declaration(text), "{text}");
        }
    }
}
