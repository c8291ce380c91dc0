//! Documents of any size that cost a reader as much as possible for their size.

/// A kind of document.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// What distinguishes it.
    pub name: &'static str,
    /// The part that is repeated until the document has its size. Each `*` becomes a number that differs in
    /// each repetition.
    unit: &'static str,
    /// What fills the second half, if that differs: a part that occurs once, and one that is repeated.
    second: [&'static str; 2],
    /// What precedes and follows the rest.
    around: [[&'static str; 2]; 2],
}

impl Kind {
    /// A document of at most `size` bytes, and not much less.
    pub fn document(&self, size: usize) -> Vec<u8> {
        let [before, behind] = self.around.map(|parts| parts.concat());
        let [between, other] = self.second;
        let mut room = size.saturating_sub(before.len() + behind.len() + between.len());
        let mut second = between.to_owned();
        if !other.is_empty() {
            room /= 2;
            second += &other.repeat(room / other.len());
        }
        let numbers = self.unit.matches('*').count();
        // Use as few digits as possible, so that more numbers fit.
        let times = |digits: usize| room / (self.unit.len() + numbers * digits - numbers);
        let digits = (1..).find(|digits| times(*digits) <= 1 << (4 * digits)).unwrap_or(1);
        let repeated = match numbers {
            0 => self.unit.repeat(times(1)),
            _ => (0..times(digits)).map(|number| self.numbered(number, digits)).collect(),
        };
        [before, repeated, second, behind].concat().into_bytes()
    }

    fn numbered(&self, number: usize, digits: usize) -> String {
        self.unit.replace('*', &format!("{number:0digits$x}"))
    }
}

/// A secret that some documents contain, as if the server quoted what it was sent.
pub const QUOTED: &str = "PLANTED/secret+=";

/// Responses to AssumeRole, successes and errors; some are well-formed, some are not.
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
    plain("a tag of attributes", "<a", " a*=''", "/>"),
    result("a tag of attributes in an answer", "<b a1='' a2='' a*=''/>"),
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

/// JSON that is not a set of credentials, or that contains more than one; some is well-formed, some is not.
pub const JSON: &[Kind] = &[
    plain("a list of objects", "{\"a\":[0", ",{\"\":0}", "]}"),
    plain("a list of lists", "{\"a\":[0", ",[0]", "]}"),
    plain("a list of numbers", "{\"a\":[0", ",0", "]}"),
    plain("a list of texts", "{\"a\":[0", ",\"\"", "]}"),
    plain("a list at the top", "[0", ",[0]", "]"),
    plain("members", "{\"a\":0", ",\"*\":0", "}"),
    plain("members of one name", "{\"a\":0", ",\"a\":\"b\"", "}"),
    plain("members of a member", "{\"a\":{\"a\":0", ",\"*\":0", "}}"),
    plain("objects with members", "{\"a\":0", ",\"a\":{\"*\":\"a\",\"a*\":{\"a\":0}}", "}"),
    plain("a list of sessions", "{\"credentialSet\":[0", ",0", "]}"),
    plain("members of a session", "{\"credentialSet\":[{\"a\":0", ",\"*\":0", "}]}"),
    plain("members of its keys", "{\"credentialSet\":[{\"credentials\":{\"a\":0", ",\"*\":0", "}}]}"),
    plain("a long text in JSON", "{\"AccessKeyId\":\"", "a", "\"}"),
    plain("a text of escapes", "{\"AccessKeyId\":\"", "\\u0041", "\"}"),
    plain("a text of escapes that is ignored", "{\"a\":[\"", "\\n", "\"]}"),
    plain("a long name of a member", "{\"", "a", "\":0}"),
    plain("a name of escapes", "{\"", "\\n", "\":0}"),
    plain("a long number", "{\"Version\":", "1", "}"),
    plain("a text without end", "{\"AccessKeyId\":\"", "a", ""),
    plain("lists without end", "{\"a\":", "[", ""),
    plain("objects without end", "", "{\"a\":", ""),
    plain("blanks in JSON", "{", " ", "}"),
];

/// Shared files, config or credentials.
pub const PROFILES: &[Kind] = &[
    plain("lines", "[default]\n", "a=b\n", ""),
    plain("keys", "[default]\n", "*=\n", ""),
    plain("sections", "[default]\n", "[*]\n", ""),
    plain("sections of a config file", "[default]\n", "[profile *]\n", ""),
    plain("sections with a key", "[default]\n", "[profile *]\na=\n", ""),
    plain("profiles with a key", "[default]\n", "[*]\na=\n", ""),
    plain("one section repeated", "", "[default]\na=b\n", ""),
    plain("two sections in turn", "", "[default]\na=b\n[profile b]\n", ""),
    plain("a section with a long name", "[profile ", "a", "]\na=b\n"),
    Kind {
        second: ["]\n", "a=b\n"],
        ..plain("a section with a long name and many lines", "[profile ", "a", "")
    },
    plain("a value of lines", "[default]\na=b\n", " b\n", ""),
    plain("a nested block", "[services a]\nsts =\n", " a=\n", ""),
    plain("a long value", "[default]\na=", "b", ""),
    plain("a long key", "[default]\n", "a", "=b"),
    plain("comments in a file", "[default]\n", "#\n", ""),
    plain(
        "sources of profiles",
        "[profile default]\n",
        CHAINED,
        "role_arn=a\ncredential_source=Environment\n",
    ),
    plain("a circle of profiles", "[profile default]\n", CHAINED, "role_arn=a\nsource_profile=default\n"),
];

/// The end of a profile, and the start of the one that it names as its source.
const CHAINED: &str = "role_arn=a\nsource_profile=*\n[profile *]\n";

/// A document that repeats `unit` in the session token of a success.
const fn member(name: &'static str, unit: &'static str) -> Kind {
    Kind {
        name,
        unit,
        second: NOTHING,
        around: [
            ["<AssumeRoleResponse><AssumeRoleResult><Credentials>", BEFORE_THE_TOKEN],
            ["</SessionToken></Credentials>", "</AssumeRoleResult></AssumeRoleResponse>"],
        ],
    }
}

/// A document that repeats `unit` next to the members of a success.
const fn result(name: &'static str, unit: &'static str) -> Kind {
    Kind {
        name,
        unit,
        second: NOTHING,
        around: [["<AssumeRoleResponse><AssumeRoleResult>", ""], ["<Credentials>", CREDENTIALS]],
    }
}

/// A document that repeats `unit` in an error.
const fn error(name: &'static str, before: &'static str, unit: &'static str, behind: &'static str) -> Kind {
    Kind { name, unit, second: NOTHING, around: [["<Error>", before], [behind, "</Error>"]] }
}

const fn plain(name: &'static str, before: &'static str, unit: &'static str, behind: &'static str) -> Kind {
    Kind { name, unit, second: NOTHING, around: [[before, ""], [behind, ""]] }
}

const NOTHING: [&str; 2] = [""; 2];
const BEFORE_THE_TOKEN: &str = "<AccessKeyId>a</AccessKeyId><SecretAccessKey>a</SecretAccessKey>\
    <Expiration>1.7e9</Expiration><SessionToken>";
const CREDENTIALS: &str = "<AccessKeyId>a</AccessKeyId><SecretAccessKey>a</SecretAccessKey><SessionToken>a\
    </SessionToken><Expiration>1.7e9</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>";
