//! Runs the cases of a folder and says what came of them.

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt::{Debug, Write as _};
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::place;
use crate::record::Record;
use crate::rules::Rule;

/// Runs the cases of a folder, each by way of [`Report::case`], and prints `<folder>: N ran`, the exceptions by rule, and
/// each failure in a line `FAILED <id>: …`. Panics if there is a failure or no case.
///
/// A folder that is not there is passed over, but not if `CI` is set.
pub(crate) fn run(folder: &'static str, cases: impl FnOnce(&mut Report)) {
    match place::folder(folder) {
        Ok(path) => {
            let mut report = Report { folder: folder.trim_start_matches("../"), path, ..Report::default() };
            cases(&mut report);
            report.end();
        }
        Err(problem) => {
            assert!(std::env::var_os("CI").is_none(), "{folder}: CI is set, and there is {problem}");
            say(&format!("\n{folder}: not run, since there is {problem}"));
        }
    }
}

/// What came of the cases of a folder.
#[derive(Default)]
pub(crate) struct Report {
    folder: &'static str,
    path: PathBuf,
    ran: usize,
    counts: BTreeMap<&'static str, usize>,
    rules: BTreeMap<Rule, Vec<String>>,
    failures: Vec<String>,
}

impl Report {
    /// The folder.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Runs one case. It fails by a problem that it notes, by an error, or by a panic.
    pub(crate) fn case(&mut self, id: &str, check: impl FnOnce(&mut Case) -> Result<(), String>) {
        self.ran += 1;
        let mut case = Case::default();
        match catch_unwind(AssertUnwindSafe(|| check(&mut case))) {
            Ok(Ok(())) => {}
            Ok(Err(problem)) => case.fail(problem),
            Err(panic) => case.fail(format!("panicked: {}", words(&*panic))),
        }
        case.counts.iter().for_each(|what| *self.counts.entry(what).or_default() += 1);
        case.rules.iter().for_each(|rule| self.rules.entry(*rule).or_default().push(id.to_owned()));
        if !case.problems.is_empty() {
            let problems = case.problems.join("\n").replace('\n', "\n    ");
            self.failures.push(format!("FAILED {id}: {problems}"));
        }
    }

    /// Runs a case for each line of the `.jsonl` files below the folder: an object with an `id`.
    pub(crate) fn lines(&mut self, mut check: impl FnMut(Record, &mut Case) -> Result<(), String>) {
        for file in place::files(&self.path, &|name| name.ends_with(".jsonl")) {
            let text = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{file:?}: {error}"));
            for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
                let record = read(line).and_then(|mut record| Ok((record.text("id")?, record)));
                match record {
                    Ok((id, record)) => self.case(&id, |case| check(record, case)),
                    Err(problem) => {
                        let id = format!("{}:{}", place::below(&self.path, &file), number + 1);
                        self.case(&id, |_| Err(problem));
                    }
                }
            }
        }
    }

    /// Runs a case for each object in the `.json` files below the folder, whose cases stand in a list `list`, or are the
    /// file. The id is what the first of the members `names` says, behind the folder's name.
    pub(crate) fn documents(
        &mut self,
        list: &str,
        names: &[&str],
        mut check: impl FnMut(&Value, &mut Case) -> Result<(), String>,
    ) {
        for file in place::files(&self.path, &|name| name.ends_with(".json")) {
            let name = format!("{}/{}", self.folder, place::below(&self.path, &file));
            let document = json(&file);
            let cases = document.as_ref().map(|document| {
                document.as_array().or_else(|| document[list].as_array()).filter(|cases| !cases.is_empty())
            });
            match cases {
                Ok(Some(cases)) => cases.iter().enumerate().for_each(|(index, case)| {
                    let words = names.iter().find_map(|name| case[name].as_str()).unwrap_or("no name");
                    self.case(&format!("{name}/{index}, {words}"), |state| check(case, state));
                }),
                Ok(None) => self.case(&name, |_| Err(format!("it has no list {list:?}"))),
                Err(problem) => self.case(&name, |_| Err(problem.clone())),
            }
        }
    }

    /// Runs a case for each `.json` file below the folder whose name begins so.
    pub(crate) fn each_document(
        &mut self,
        prefix: &str,
        mut check: impl FnMut(&Value, &mut Case) -> Result<(), String>,
    ) {
        for file in place::files(&self.path, &|name| name.starts_with(prefix) && name.ends_with(".json")) {
            let id = format!("{}/{}", self.folder, place::below(&self.path, &file));
            self.case(&id, |case| check(&json(&file)?, case));
        }
    }

    /// Runs a case for each folder, at any depth, that has a file of this name; a case is not looked into for others.
    pub(crate) fn folders(
        &mut self,
        file: &str,
        mut check: impl FnMut(&Path, &mut Case) -> Result<(), String>,
    ) {
        for path in place::folders_with(&self.path, file) {
            let id = format!("{}/{}", self.folder, place::below(&self.path, &path));
            self.case(&id, |case| check(&path, case));
        }
    }

    fn end(self) {
        let Self { folder, path, ran, counts, rules, failures } = self;
        let counts: Vec<_> = counts.iter().map(|(what, count)| format!("{what} {count}")).collect();
        // The harness may have begun a line.
        let mut text = format!("\n{folder}: {ran} ran");
        if !counts.is_empty() {
            let _ = write!(text, " ({})", counts.join(", "));
        }
        text.push_str(if rules.is_empty() { "\n  no exceptions" } else { "\n  exceptions by rule:" });
        for (rule, ids) in &rules {
            let _ = write!(text, "\n  {rule:?} {}: {}\n    {}", ids.len(), rule.reason(), ids.join(" "));
        }
        failures.iter().for_each(|failure| text.extend(["\n", failure]));
        say(&text);
        assert!(ran > 0, "{folder}: {} holds no cases", path.display());
        assert!(failures.is_empty(), "{folder}: {} of {ran} cases failed, see above", failures.len());
    }
}

/// What is found out about one case.
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

    /// The case falls under a rule.
    pub(crate) fn rule(&mut self, rule: Rule) {
        if !self.rules.contains(&rule) {
            self.rules.push(rule);
        }
    }

    /// Counts the case among those of which `what` was checked.
    pub(crate) fn count(&mut self, what: &'static str) {
        self.counts.push(what);
    }
}

/// A file of JSON.
pub(crate) fn json(path: &Path) -> Result<Value, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))
}

fn read(line: &str) -> Result<Record, String> {
    let value = serde_json::from_str(line).map_err(|error| format!("not JSON: {error}"))?;
    Record::new("vector", value)
}

/// What a panic says.
fn words(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("see above")
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

/// Past the test harness, which keeps what a passing test prints to itself.
fn say(text: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

/// How much of a long text a message holds, in characters.
const SHOWN: usize = 160;
