//! Crude looks at a document, good enough for the well-formed ones of the vectors.

use sts_proto::ResponseProblem;
use sts_proto::wire::{MAX_BODY, MAX_DEPTH, XmlError};

use crate::rules::Rule;

/// The code in a document whose root is `Error`.
pub(crate) fn bare_code(body: &str) -> Option<&str> {
    let mut root = body.trim_start_matches('\u{feff}').trim_start();
    if let Some(declaration) = root.strip_prefix("<?") {
        root = declaration.split_once("?>")?.1.trim_start();
    }
    let (tag, inside) = root.split_once('>')?;
    if tag.split_whitespace().next() != Some("<Error") || !inside.trim_end().ends_with("</Error>") {
        return None;
    }
    let (code, _) = inside.split_once("<Code>")?.1.split_once("</Code>")?;
    Some(code).filter(|code| !code.is_empty())
}

/// Whether a document has to be refused for what it is, and how.
pub(crate) fn refused(body: &str) -> Option<(Rule, ResponseProblem)> {
    if body.len() > MAX_BODY {
        return Some((Rule::OverBounds, ResponseProblem::TooLarge));
    }
    let (doctype, depth) = doctype_and_depth(body);
    if doctype {
        Some((Rule::Doctype, ResponseProblem::Document(XmlError::Doctype)))
    } else if depth > MAX_DEPTH {
        Some((Rule::OverBounds, ResponseProblem::Document(XmlError::TooDeep)))
    } else {
        None
    }
}

fn doctype_and_depth(mut body: &str) -> (bool, usize) {
    let (mut doctype, mut depth, mut deepest) = (false, 0_usize, 0);
    while let Some(start) = body.find('<') {
        body = &body[start..];
        let end = [("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>")].into_iter();
        let end = end.filter(|(open, _)| body.starts_with(open)).map(|(_, close)| close).next();
        let close = end.unwrap_or(">");
        let length = body.find(close).map_or(body.len(), |at| at + close.len());
        let tag = &body[..length];
        match end {
            Some(_) => {}
            None if tag.starts_with("<!") => doctype |= tag.to_ascii_uppercase().starts_with("<!DOCTYPE"),
            None if tag.starts_with("</") => depth = depth.saturating_sub(1),
            None => {
                deepest = deepest.max(depth + 1);
                depth += usize::from(!tag.ends_with("/>"));
            }
        }
        body = &body[length..];
    }
    (doctype, deepest)
}
