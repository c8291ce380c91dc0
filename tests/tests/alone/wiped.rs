//! What a file or a program gives is nowhere in memory once it was read and what came of it was dropped, and a secret in an
//! answer leaves nothing beside the answer itself: this process looks through its own memory, which Linux shows as a file.

use std::fs::File;
use std::hint::black_box;
use std::os::unix::fs::FileExt;
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use sts_proto::flow::{Command, Effect, Event};
use sts_proto::operations::AssumeRole;
use sts_proto::{Operation, Settings};
use sts_tests::driver::Setup;
use sts_tests::home::Home;
use sts_tests::readers::{Source, load};

pub(crate) fn no_copy_is_left_in_memory() {
    const PROFILE: &str = "[default]\naws_access_key_id = AKID\naws_secret_access_key = ";
    const PRINTED: &str = r#"{"Version":1,"AccessKeyId":"AKID","SecretAccessKey":"s","SessionToken":""#;
    const LOGIN: &str = r#"{"expiresAt":"1999-01-01T00:00:00Z","accessToken":""#;
    const TASK: &str =
        r#"{"AccessKeyId":"AKID","SecretAccessKey":"s","Expiration":"2030-01-01T00:00:00Z","Token":""#;
    const ROLE: &str = r#"{"roleCredentials":{"accessKeyId":"AKID","secretAccessKey":"s","expiration":1900000000000,"sessionToken":""#;
    const SESSION: &str = r#"{"credentialSet":[{"credentials":{"accessKeyId":"AKID","secretAccessKey":"s","expiration":"2030-01-01T00:00:00Z","sessionToken":""#;
    const ANSWER: [&str; 2] = [
        "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>a</AccessKeyId><SecretAccessKey>a\
         </SecretAccessKey><Expiration>1.7e9</Expiration><SessionToken>",
        "</SessionToken></Credentials></AssumeRoleResult></AssumeRoleResponse>",
    ];
    let mut kept = planted("", "", "");
    assert!(copies() > 0, "what is there is found");
    wipe(&mut kept);
    assert_eq!(copies(), 0, "nothing else is there");

    let read = load(Bytes::from(planted(PROFILE, "", "\n")), Bytes::new());
    assert!(read.contains("AKID"), "{read}");
    assert_eq!(copies(), 0, "a file of profiles");

    let read = Source::Process.read(Bytes::from(planted(PRINTED, "", "\"}")));
    assert!(read.contains("AKID"), "{read}");
    assert_eq!(copies(), 0, "what a program printed");

    let read = Source::Login.read(Bytes::from(planted(LOGIN, "", "\"}")));
    assert!(read.contains("has expired"), "{read}");
    assert_eq!(copies(), 0, "the file of a login");

    for (source, before, behind) in [
        (Source::Container, TASK, "\"}"),
        (Source::InstanceMetadata, TASK, "\"}"),
        (Source::Portal, ROLE, "\"}}"),
        (Source::RolesAnywhere, SESSION, "\"}}]}"),
    ] {
        let read = source.read(Bytes::from(planted(before, "", behind)));
        assert!(read.contains("AKID"), "{read}");
        assert_eq!(copies(), 0, "the answer of {source:?}");
    }

    // Carriage returns are left out: the reader below makes those texts itself.
    for between in ["&amp;", "<![CDATA[ ]]>", "<!---->"] {
        let mut answer = Response::new(planted(ANSWER[0], between, ANSWER[1]));
        drop(AssumeRole::parse(&answer).expect("it is a good answer"));
        wipe(answer.body_mut());
        assert_eq!(copies(), 0, "an answer with {between}");
    }
}

/// Buffers that grow leave no copy behind.
pub(crate) fn no_copy_is_left_by_the_drivers() {
    let home = Home::new();
    let mut secret = planted("", "", "");
    let file = home.write("secret", &secret);
    wipe(&mut secret);
    // Blanks first, so that the allocator writes into these and not into the secret, and then more of them, in pieces.
    let script = format!(
        "printf %4000s; cat {}; for piece in 1 2 3 4 5 6 7 8 9 10; do sleep 0.02; printf %4000s; done",
        file.display()
    );
    let command = Command {
        program: "sh".to_owned(),
        arguments: vec!["-c".to_owned(), script],
        timeout: Duration::from_secs(20),
    };
    for driver in Setup::new(Settings::new().region("us-east-1")).drivers().expect("the settings are good") {
        for effect in [Effect::Read(file.clone()), Effect::Run(command.clone())] {
            let what = format!("{driver}: {effect:?}");
            let bytes = match driver.perform(effect) {
                Event::Contents(Some(contents)) => contents,
                Event::Exited(output) => output.stdout,
                event => panic!("{what}: {event:?}"),
            };
            assert!(copies() > 0, "{what}: it was read");
            wipe(&mut bytes.try_into_mut().expect("nothing else holds it"));
            assert_eq!(copies(), 0, "{what}");
        }
    }
}

/// Many times what is looked for, since an allocator writes into what it gets back.
fn planted(before: &str, between: &str, behind: &str) -> Vec<u8> {
    const TIMES: usize = 256;
    let mut bytes = Vec::with_capacity(before.len() + TIMES * (HIDDEN.len() + between.len()) + behind.len());
    bytes.extend_from_slice(before.as_bytes());
    for _ in 0..TIMES {
        bytes.extend(HIDDEN.iter().map(|byte| byte ^ MASK));
        bytes.extend_from_slice(between.as_bytes());
    }
    bytes.extend_from_slice(behind.as_bytes());
    bytes
}

fn wipe(bytes: &mut [u8]) {
    bytes.fill(0);
    black_box(bytes);
}

/// How often it is in what this process can write to.
fn copies() -> usize {
    let memory = File::open("/proc/self/mem").expect("a process may look at itself");
    let maps = std::fs::read_to_string("/proc/self/maps").expect("a process may look at itself");
    let mut found = 0;
    let mut page = vec![0; 1 << 16];
    for map in maps.lines().filter(|map| map.split(' ').nth(1).is_some_and(|mode| mode.starts_with("rw"))) {
        let (from, to) = map.split(' ').next().and_then(|range| range.split_once('-')).expect("a range");
        let [mut at, to] = [from, to].map(|end| u64::from_str_radix(end, 16).expect("a number"));
        while at < to {
            // Some that are mapped cannot be read.
            let Ok(read @ 1..) = memory.read_at(&mut page, at) else { break };
            found += page[..read].windows(HIDDEN.len()).filter(|window| is_planted(window)).count();
            at += read as u64;
        }
    }
    wipe(&mut page);
    found
}

fn is_planted(window: &[u8]) -> bool {
    window.iter().zip(HIDDEN).all(|(byte, hidden)| *byte == hidden ^ MASK)
}

/// Masked, so that it is nowhere before it is planted.
const HIDDEN: [u8; 16] = *b"@QRLOrxoFMwzpEbV";
const MASK: u8 = 2;
