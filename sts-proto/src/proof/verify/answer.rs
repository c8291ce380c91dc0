//! The answer of STS, read strictly.

use http::Response;
use http::header::CONTENT_TYPE;
use quick_xml::NsReader;
use quick_xml::events::Event;
use quick_xml::name::{Namespace, ResolveResult};

use super::super::json::Json;
use super::identity::Identity;
use super::policy::AnswerFormat;
use super::reason::Reason;
use crate::wire::{XmlError, XmlReader, resolve_reference};

/// The identity that the answer states.
pub(super) fn read(
    response: &Response<impl AsRef<[u8]>>,
    format: AnswerFormat,
    partition: &str,
) -> Result<Identity, Reason> {
    let body = response.body().as_ref();
    match response.status().as_u16() {
        200 => {}
        429 => return Err(Reason::Throttled),
        400 if is_throttling(body) => return Err(Reason::Throttled),
        500..=599 => return Err(Reason::Unavailable),
        status => return Err(Reason::Status(status)),
    }
    let mut types = response.headers().get_all(CONTENT_TYPE).iter();
    if types.next().is_none_or(|media| media != format.as_str()) || types.next().is_some() {
        return Err(Reason::MediaType);
    }
    if body.len() > MAX_ANSWER {
        return Err(Reason::TooLarge);
    }
    let [account, arn, user_id] = match format {
        AnswerFormat::Json => read_json(body)?,
        AnswerFormat::Xml => read_xml(body)?,
    };
    Identity::read(&account, &arn, &user_id, partition)
}

fn read_json(body: &[u8]) -> Result<[String; 3], Reason> {
    let document = Json::read(body).map_err(|_| Reason::Malformed)?;
    let is_only_member = matches!(&document, Json::Object(members) if members.len() == 1);
    let result =
        document.get("GetCallerIdentityResponse").and_then(|inner| inner.get("GetCallerIdentityResult"));
    let result = result.filter(|_| is_only_member).ok_or(Reason::Shape)?;
    let text = |name| result.get(name).and_then(Json::text).map(str::to_owned).ok_or(Reason::Shape);
    Ok([text("Account")?, text("Arn")?, text("UserId")?])
}

/// Reads the document twice: the tolerant reader knows what is well-formed, this one where elements stand and in which
/// namespace.
fn read_xml(body: &[u8]) -> Result<[String; 3], Reason> {
    check_form(body).map_err(|_| Reason::Malformed)?;
    let text = std::str::from_utf8(body).map_err(|_| Reason::Malformed)?;
    let mut reader = NsReader::from_str(text);
    let mut path = Vec::new();
    let mut members = [None, None, None];
    let mut results = 0;
    loop {
        let (namespace, event) = reader.read_resolved_event().map_err(|_| Reason::Malformed)?;
        let is_ours = namespace == ResolveResult::Bound(Namespace(NAMESPACE));
        match event {
            Event::Start(tag) => {
                path.push(Place::of(&path, tag.local_name().as_ref(), is_ours)?);
                match path.last() {
                    Some(Place::Result) => results += 1,
                    Some(Place::Member(index)) => {
                        let member = members.get_mut(*index).ok_or(Reason::Shape)?;
                        if member.replace(String::new()).is_some() {
                            return Err(Reason::Shape);
                        }
                    }
                    _ => {}
                }
            }
            // None of the elements that matter is empty.
            Event::Empty(tag) => match Place::of(&path, tag.local_name().as_ref(), is_ours)? {
                Place::Passed => {}
                _ => return Err(Reason::Shape),
            },
            Event::End(_) => drop(path.pop()),
            Event::Eof => break,
            event => {
                let Some(Place::Member(index)) = path.last() else { continue };
                let member = members.get_mut(*index).and_then(Option::as_mut).ok_or(Reason::Shape)?;
                match event {
                    Event::Text(part) => member.push_str(&part.xml10_content()),
                    Event::GeneralRef(reference) => {
                        member.push(resolve_reference(&reference).map_err(|_| Reason::Malformed)?);
                    }
                    // A comment in the middle of a name makes readers disagree about the name.
                    _ => return Err(Reason::Shape),
                }
            }
        }
    }
    match members {
        [Some(account), Some(arn), Some(user_id)] if results == 1 => Ok([account, arn, user_id]),
        _ => Err(Reason::Shape),
    }
}

/// Where an element stands.
enum Place {
    Root,
    Result,
    Member(usize),
    /// Something else, such as the request id.
    Passed,
}

impl Place {
    fn of(path: &[Self], name: &str, is_ours: bool) -> Result<Self, Reason> {
        match (path.last(), name) {
            (None, "GetCallerIdentityResponse") if is_ours => Ok(Self::Root),
            (Some(Self::Root), "GetCallerIdentityResult") if is_ours => Ok(Self::Result),
            (Some(Self::Result), _) => match MEMBERS.iter().position(|member| *member == name) {
                Some(index) if is_ours => Ok(Self::Member(index)),
                Some(_) => Err(Reason::Shape),
                None => Ok(Self::Passed),
            },
            (None | Some(Self::Member(_)), _) | (_, "GetCallerIdentityResult") => Err(Reason::Shape),
            _ => Ok(Self::Passed),
        }
    }
}

/// Whether a document is well-formed, without a DOCTYPE and not too deep.
fn check_form(body: &[u8]) -> Result<(), XmlError> {
    let mut reader = XmlReader::new(body)?;
    reader.skip()?;
    reader.end()
}

/// Whether an error document has the code of throttling; what its message says does not matter.
fn is_throttling(body: &[u8]) -> bool {
    if body.len() > MAX_ANSWER {
        return false;
    }
    let code = |document: &Json| document.get("Error")?.get("Code")?.text().map(|code| code == THROTTLING);
    let in_json = || Json::read(body).ok().and_then(|document| code(&document));
    let in_xml = || -> Result<bool, XmlError> {
        let mut reader = XmlReader::new(body)?;
        let mut found = false;
        while let Some(name) = reader.child()? {
            if name != "Error" {
                reader.skip()?;
                continue;
            }
            while let Some(name) = reader.child()? {
                match name {
                    "Code" => found |= reader.text()? == THROTTLING,
                    _ => reader.skip()?,
                }
            }
        }
        Ok(found)
    };
    in_json().unwrap_or_else(|| in_xml().unwrap_or(false))
}

const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";
const MEMBERS: [&str; 3] = ["Account", "Arn", "UserId"];
const THROTTLING: &str = "Throttling";
/// The bound of an answer, in bytes: a hundred times what STS sends.
const MAX_ANSWER: usize = 64 * 1024;
