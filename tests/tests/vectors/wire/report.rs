//! Finding the vectors, running them and saying what came of it.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::record::Record;

/// Where the project goes another way than the vector. Each vector under a rule is still checked: it has to do what
/// the rule says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rule {
    NotExpressible,
    UrlRefused,
    NotAHostLabel,
    PseudoRegion,
    FipsInTheName,
    RequiredMember,
    Doctype,
    OverBounds,
    InventedCode,
    BareError,
    PlainNames,
    OtherRetryClass,
}

/// What each rule says, and where `REFERENCE.md` supports it.
pub(crate) const RULES: &[(Rule, &str)] = &[
    (
        Rule::NotExpressible,
        "outside the model, and the type has no such value: a required member is absent, a number of an input is \
         negative or beyond 32 bits, one of an answer beyond 64 (§1: what cannot be expressed is refused)",
    ),
    (
        Rule::UrlRefused,
        "an endpoint URL with user info, query or fragment is a configuration error (§2: a custom endpoint URL)",
    ),
    (Rule::NotAHostLabel, "a region that is not a host label is a configuration error (§3, last paragraph)"),
    (
        Rule::PseudoRegion,
        "a region that names a partition is signed for the partition's main region (§3: host and signing region \
         cannot disagree; model/partitions.json, implicitGlobalRegion)",
    ),
    (Rule::FipsInTheName, "region fips-X or X-fips means X with FIPS (§3, last paragraph)"),
    (Rule::RequiredMember, "an answer without a required member is an error that names it (§2: reading)"),
    (Rule::Doctype, "a document with a DOCTYPE is refused (§2: reading)"),
    (Rule::OverBounds, "a document of more than 1 MiB or 64 levels is refused (§2: depth and size capped)"),
    (
        Rule::InventedCode,
        "without an error document there is no code and no message; the vector's are botocore's, made of the status \
         (§2: a proxy's body keeps status, request id and retry class)",
    ),
    (Rule::BareError, "a bare <Error> is an error document (§2: reading); botocore cannot read it"),
    (
        Rule::PlainNames,
        "inside an error, `message` is the message and `RequestId` the request id, as in a bare <Error> and in the \
         JavaScript client (§2: reading); botocore has them among the rest",
    ),
    (
        Rule::OtherRetryClass,
        "clock skew is a class of its own, a verification key that could not be fetched is transient (§4), and \
         prefix#Code is Code (§1); the JavaScript client has it otherwise",
    ),
];

/// What is found out about one vector.
#[derive(Default)]
pub(crate) struct Case {
    problems: Vec<String>,
    rules: Vec<Rule>,
    counts: Vec<&'static str>,
}

impl Case {
    pub(crate) fn fail(&mut self, problem: impl Into<String>) {
        self.problems.push(problem.into());
    }

    pub(crate) fn require(&mut self, holds: bool, problem: impl Into<String>) {
        if !holds {
            self.fail(problem);
        }
    }

    /// Whether both are the same; if not, that is a problem.
    pub(crate) fn equal<T: Debug + PartialEq + ?Sized>(
        &mut self,
        what: &str,
        ours: &T,
        expected: &T,
    ) -> bool {
        let same = ours == expected;
        if !same {
            self.problems.push(difference(what, &format!("{ours:?}"), &format!("{expected:?}")));
        }
        same
    }

    /// The vector falls under a rule.
    pub(crate) fn rule(&mut self, rule: Rule) {
        if !self.rules.contains(&rule) {
            self.rules.push(rule);
        }
    }

    /// Counts the vector among those of which `what` was checked.
    pub(crate) fn count(&mut self, what: &'static str) {
        self.counts.push(what);
    }
}

/// Runs all vectors of a kind; panics with a list of those that fail.
pub(crate) fn run(kind: &str, check: fn(Record, &mut Case) -> Result<(), String>) {
    let mut files = Vec::new();
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors");
    let places = std::env::var_os("STS_VECTORS").filter(|place| !place.is_empty()).map(from_root);
    if let Some(place) = &places {
        assert!(place.is_dir(), "STS_VECTORS names no folder: {}", place.display());
    }
    for place in places.into_iter().chain([default]) {
        find(&place.join("wire"), &format!("{kind}.jsonl"), &mut files);
        if !files.is_empty() {
            break;
        }
    }
    assert!(!files.is_empty(), "there is no {kind}.jsonl");

    let mut ran = 0;
    let mut counts = BTreeMap::<_, usize>::new();
    let mut rules = BTreeMap::<_, Vec<String>>::new();
    let mut failures = Vec::new();
    for file in &files {
        let text =
            std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            ran += 1;
            let mut id = format!("{}:{}", file.display(), number + 1);
            let mut case = Case::default();
            let outcome = catch_unwind(AssertUnwindSafe(|| one(kind, line, &mut id, &mut case, check)));
            match outcome {
                Ok(Ok(())) => {}
                Ok(Err(problem)) => case.fail(problem),
                Err(_) => case.fail("panicked; see above"),
            }
            case.counts.iter().for_each(|what| *counts.entry(*what).or_default() += 1);
            case.rules.iter().for_each(|rule| rules.entry(*rule).or_default().push(id.clone()));
            failures.extend(case.problems.iter().map(|problem| format!("{id}: {problem}")));
        }
    }

    let counts: Vec<_> = counts.iter().map(|(what, count)| format!("{what} {count}")).collect();
    let mut text = format!("wire: {kind} {ran} ran ({})", counts.join(", "));
    text.push_str(if rules.is_empty() { "; no exceptions" } else { "; exceptions by rule:" });
    for (rule, ids) in &rules {
        let reason = RULES.iter().find(|(known, _)| known == rule).map_or("NOT STATED", |(_, reason)| reason);
        text.push_str(&format!("\n  {rule:?} {}: {reason}\n    {}", ids.len(), ids.join(" ")));
    }
    // Not `println!`: the harness would keep it to itself.
    let _ = writeln!(std::io::stdout().lock(), "{text}");

    assert!(ran > 0, "{files:?} hold no vectors");
    assert!(failures.is_empty(), "{} problems with {kind} vectors:\n{}", failures.len(), failures.join("\n"));
}

fn one(
    kind: &str,
    line: &str,
    id: &mut String,
    case: &mut Case,
    check: fn(Record, &mut Case) -> Result<(), String>,
) -> Result<(), String> {
    let value: Value = serde_json::from_str(line).map_err(|error| format!("not JSON: {error}"))?;
    let mut vector = Record::new("vector", value)?;
    *id = vector.text("id")?;
    case.equal("kind", vector.text("kind")?.as_str(), kind);
    check(vector, case)
}

/// A relative place is one below the directory that the tests are started in, which is not the package's.
fn from_root(place: std::ffi::OsString) -> PathBuf {
    let place = PathBuf::from(place);
    if place.is_absolute() || place.exists() {
        return place;
    }
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(place)
}

fn find(folder: &Path, name: &str, found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let mut paths: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            find(&path, name, found);
        } else if path.file_name().is_some_and(|last| last == name) {
            found.push(path);
        }
    }
}

/// Both texts from shortly before they part.
fn difference(what: &str, ours: &str, expected: &str) -> String {
    let same = ours.chars().zip(expected.chars()).take_while(|(one, other)| one == other).count();
    let cut = |text: &str| -> String {
        let start = if text.chars().count() > SHOWN { same.saturating_sub(SHOWN / 4) } else { 0 };
        text.chars().skip(start).take(SHOWN).collect()
    };
    format!("{what} is {} and should be {}", cut(ours), cut(expected))
}

/// How much of a long text a message holds, in characters.
const SHOWN: usize = 160;
