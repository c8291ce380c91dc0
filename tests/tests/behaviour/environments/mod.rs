//! A table of environments: with the same variables and files, both clients do and say the same, word by word.
//!
//! Each row is built and called through both clients. They are compared in everything that a program can see: what the
//! builder prints, the error of `build`, what the client prints, the requests of a call, its error, and what `explain()`
//! says before and after it. The table of `../proxy.rs` has the rows for proxies, which need a network.

mod code;
mod endpoints;
mod files;
mod isolated;
mod metadata;
mod profiles;
mod row;
mod seen;
mod sources;
mod values;
mod world;

use row::{Expected, Row};
use seen::Seen;

#[test]
fn every_environment_leads_both_clients_the_same_way() {
    let tables: [(&str, Rows); 8] = [
        ("profiles", profiles::rows),
        ("sources", sources::rows),
        ("endpoints", endpoints::rows),
        ("values", values::rows),
        ("files", files::rows),
        ("metadata", metadata::rows),
        ("code", code::rows),
        ("isolated", isolated::rows),
    ];
    let mut failures = Vec::new();
    let mut count = 0;
    for (table, rows) in tables {
        for row in rows().into_iter().filter(|row| cfg!(unix) || !row.runs_a_program()) {
            count += 1;
            failures.extend(
                problems(&row).into_iter().map(|problem| format!("{table}, {}: {problem}", row.name)),
            );
        }
    }
    println!("environments: {count} rows, 2 clients, {} failures", failures.len());
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

type Rows = fn() -> Vec<Row>;

/// What is wrong with a row: where the clients differ, what is not as the row says, which text breaks a rule.
fn problems(row: &Row) -> Vec<String> {
    let home = row.home();
    let mut problems = Vec::new();
    let mut first: Option<Seen> = None;
    for setup in row.setups(&home) {
        for seen in Seen::through_both(row, &setup, &home) {
            match &first {
                None => first = Some(seen),
                Some(first) => problems.extend(first.differences(&seen)),
            }
        }
    }
    let Some(seen) = first else { return vec!["it was not built".to_owned()] };
    problems.extend(unexpected(row, &seen));
    problems.extend(seen.texts().flat_map(|text| breaches(row, text)));
    problems
}

fn unexpected(row: &Row, seen: &Seen) -> Vec<String> {
    let mut problems = Vec::new();
    // An error that no row states has not been read by its author.
    let expected = match &row.expected {
        Expected::Refused(text) => format!("build: {}", whole(text)),
        Expected::Fails(text) => format!("call: {}", whole(text)),
        Expected::Goes(way) => format!("goes {}", way.join(", ")),
    };
    let outcome = seen.outcome();
    if outcome != expected {
        problems.push(format!("expected\n  {expected}\nfound\n  {outcome}"));
    }
    let told = seen.explained();
    let lines: Vec<_> = told.lines().map(narrow).collect();
    for line in row.told.iter().filter(|line| !lines.iter().any(|told| told == *line)) {
        problems.push(format!("explain() has no line\n  {line}\nbut\n{}", lines.join("\n")));
    }
    if row.whole.as_ref().is_some_and(|whole| whole.join("\n") != lines.join("\n")) {
        problems.push(format!("explain() is\n{}", lines.join("\n")));
    }
    if seen.shows_a_secret() {
        problems.push("it shows a secret".to_owned());
    }
    problems
}

/// The rules for messages, as far as a program can check them.
fn breaches(row: &Row, text: &str) -> Vec<String> {
    let mut breaches = Vec::new();
    let mut check = |breach: bool, rule: &str| {
        if breach {
            breaches.push(format!("{rule}: {text}"));
        }
    };
    check(text.is_empty(), "empty");
    check(text.contains("planted"), "a secret");
    check(text.chars().any(char::is_control), "more than one line");
    check(text.ends_with('.'), "a period at the end");
    check(text.contains(". "), "more than one sentence");
    check(text != text.trim() || text.contains("  "), "blanks");
    let capital = |word: &&str| {
        let mut letters = word.trim_matches(|c: char| !c.is_alphanumeric()).chars();
        letters.next().is_some_and(char::is_uppercase)
            && letters.next().is_some_and(char::is_lowercase)
            && !NAMES.contains(&word.trim_matches(|c: char| !c.is_alphanumeric()))
    };
    check(text.split_whitespace().any(|word| capital(&word)), "a capital");
    check(row.isolated && text.contains("AWS_"), "a variable that no isolated client looks at");
    breaches
}

/// A text with what rows abbreviate.
fn whole(text: &str) -> String {
    ABBREVIATED.iter().fold(text.to_owned(), |text, (short, long)| text.replace(short, long))
}

/// One blank in place of several.
fn narrow(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What many texts have in common.
const ABBREVIATED: [(&str, &str); 7] = [
    (
        "{nowhere}",
        "no credentials to sign GetCallerIdentity with (looked for in: environment: not configured, \
         AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set; profile default: not configured, it is in none of \
         the shared files; web identity: not configured, AWS_WEB_IDENTITY_TOKEN_FILE is not set; container: not \
         configured, AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and AWS_CONTAINER_CREDENTIALS_FULL_URI are not set; \
         instance metadata: not configured",
    ),
    (
        "{regions}",
        "in the program's own settings, AWS_REGION, AWS_DEFAULT_REGION, the profile's region and, unless it is switched off, instance \
         metadata",
    ),
    ("{write it}", "write it like https://sts.example.com:8443/path or http://localhost:4566"),
    (
        "{is no region}",
        "is not valid: it must be 1 to 63 letters, digits and hyphens, no hyphen at either end, for example \
         us-east-1",
    ),
    ("{turn FIPS off}", "turn FIPS off, or remove the endpoint url"),
    ("{turn dual stack off}", "turn dual stack off, or remove the endpoint url"),
    ("{mend it}", "mend it, or name another with AWS_CONFIG_FILE or AWS_SHARED_CREDENTIALS_FILE"),
];

/// Names that AWS, STS and rows begin with a capital.
const NAMES: &[&str] = &[
    "GetCallerIdentity",
    "Environment",
    "EcsContainer",
    "Ec2InstanceMetadata",
    "MiB",
    "My",
    "Profile",
    "Version",
];

#[test]
fn the_rules_for_messages_are_checked() {
    let row = Row::new("any").isolated();
    for (text, rule) in [
        ("The file is not there", "a capital"),
        ("the file; Mend it", "a capital"),
        ("mend it.", "a period at the end"),
        ("mend it. then call", "more than one sentence"),
        ("the key planted-secret", "a secret"),
        ("one\ntwo", "more than one line"),
        ("set AWS_REGION", "a variable that no isolated client looks at"),
    ] {
        assert!(breaches(&row, text).iter().any(|breach| breach.starts_with(rule)), "{text}");
    }
    assert!(breaches(&row, "no region: looked in code; set one, for example us-east-1").is_empty());
}
