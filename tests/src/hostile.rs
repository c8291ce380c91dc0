//! Documents of any size that ask as much of a reader as their size allows.

/// A kind of document.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// What is special about it.
    pub name: &'static str,
    /// What is repeated, as often as it fits.
    unit: &'static str,
    /// What stands before it and behind it.
    around: [[&'static str; 2]; 2],
}

impl Kind {
    /// One of just about this many bytes, and no more.
    pub fn document(&self, size: usize) -> Vec<u8> {
        let [before, behind] = self.around.map(|parts| parts.concat());
        let times = size.saturating_sub(before.len() + behind.len()) / self.unit.len();
        [before, self.unit.repeat(times), behind].concat().into_bytes()
    }
}

/// Part of some of the documents, as if the server quoted what it was sent.
pub const QUOTED: &str = "PLANTED/secret+=";

/// Answers to AssumeRole and refusals; some well-formed, some not.
pub const KINDS: &[Kind] = &[
    member("a long text", "a"),
    member("a text of references", "&#65;"),
    member("a text of other references", "a&amp;"),
    member("a text of CDATA sections", "a<![CDATA[a]]>"),
    member("a text with comments", "a<!--a-->"),
    member("a text with elements", "a<b/>"),
    member("a text of carriage returns", "\r"),
    member("a text of characters of four bytes", "\u{1f980}"),
    result("elements", "<b/>"),
    result("comments", "<!---->"),
    result("instructions", "<?a?>"),
    result("members that are numbers", "<PackedPolicySize>1</PackedPolicySize>"),
    result("members that are structures", "<AssumedRoleUser><Arn>a</Arn></AssumedRoleUser>"),
    result("nested elements", "<a><a><a><a><a><a><a><a></a></a></a></a></a></a></a></a>"),
    result("blanks", " "),
    plain("elements without end", "", "<a>", ""),
    plain("ends without beginning", "<a>", "</b>", ""),
    plain("a long name", "<", "a", "/>"),
    plain("an attribute without end", "<a b='", "&lt;", ""),
    plain("a tag without end", "<a ", "b ", ""),
    plain("a comment without end", "<a><!--", "-", ""),
    plain("a section without end", "<a><![CDATA[", "]", ""),
    plain("begun tags", "<a>", "<", ""),
    plain("begun references", "<a>", "&", ""),
    plain("no XML", "", "{\"a\":[", ""),
    plain("a doctype", "<!DOCTYPE a [", "<!ENTITY b '&b;&b;'>", "]><a>&b;</a>"),
    error("a long code", "<Code>", "a", "</Code>"),
    error("a long message", "<Message>", "a", "</Message>"),
    error("a message of control characters", "<Message>", "\u{85}", "</Message>"),
    error("a message that quotes", "<Message>", QUOTED, "</Message>"),
    error("a message that quotes escaped", "<Message>", "PLANTED%2Fsecret%2B%3D", "</Message>"),
    error("codes", "", "<Code>a</Code>", ""),
    error("messages", "", "<Message>a</Message>", ""),
    error("members", "", "<a>a</a>", ""),
    error("a long member", "<Extra>", "a", "</Extra>"),
    error("a member with members", "<Extra>", "<a>a</a>", "</Extra>"),
    error("a member with a long name", "<", "a", "/>"),
    error("request ids", "", "<RequestId>a</RequestId>", ""),
    plain(
        "a list of errors",
        "<ErrorResponse><Errors>",
        "<Error><Code>a</Code></Error>",
        "</Errors></ErrorResponse>",
    ),
];

/// In the session token of a success.
const fn member(name: &'static str, unit: &'static str) -> Kind {
    Kind {
        name,
        unit,
        around: [
            ["<AssumeRoleResponse><AssumeRoleResult><Credentials>", BEFORE_THE_TOKEN],
            ["</SessionToken></Credentials>", "</AssumeRoleResult></AssumeRoleResponse>"],
        ],
    }
}

/// Beside the members of a success.
const fn result(name: &'static str, unit: &'static str) -> Kind {
    Kind {
        name,
        unit,
        around: [["<AssumeRoleResponse><AssumeRoleResult>", ""], ["<Credentials>", CREDENTIALS]],
    }
}

/// In an error.
const fn error(name: &'static str, before: &'static str, unit: &'static str, behind: &'static str) -> Kind {
    Kind { name, unit, around: [["<Error>", before], [behind, "</Error>"]] }
}

const fn plain(name: &'static str, before: &'static str, unit: &'static str, behind: &'static str) -> Kind {
    Kind { name, unit, around: [[before, ""], [behind, ""]] }
}

const BEFORE_THE_TOKEN: &str = "<AccessKeyId>a</AccessKeyId><SecretAccessKey>a</SecretAccessKey>\
    <Expiration>1.7e9</Expiration><SessionToken>";
const CREDENTIALS: &str = "<AccessKeyId>a</AccessKeyId><SecretAccessKey>a</SecretAccessKey><SessionToken>a\
    </SessionToken><Expiration>1.7e9</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>";
