//! A row of the table: an environment, and what has to come of it.

use std::ffi::OsString;

use sts_proto::Settings;
use sts_proto::settings::Env;
use sts_tests::driver::Setup;
use sts_tests::home::Home;

use super::world;

/// An environment and what is expected. By default there are a home directory without files, a region and no instance
/// metadata, and a call goes to the region's endpoint, signed with the keys of [`keys`](Self::keys).
///
/// `{home}` stands for the home directory, in what is given and in what is expected. Every secret begins with `planted`.
pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) expected: Expected,
    /// Lines that `explain()` has, with one blank in place of several.
    pub(super) told: Vec<&'static str>,
    /// All lines that `explain()` has.
    pub(super) whole: Option<Vec<&'static str>>,
    pub(super) isolated: bool,
    /// Whether the clients have the transports of their own.
    pub(super) real: bool,
    variables: Vec<(&'static str, OsString)>,
    files: Vec<(&'static str, Contents)>,
    code: Option<fn(Setup) -> Setup>,
}

pub(super) enum Expected {
    /// `build` fails with this text.
    Refused(&'static str),
    /// The call fails with this text.
    Fails(&'static str),
    /// These requests are sent: action or method, URL, access key and signed region, separated by blanks.
    Goes(Vec<&'static str>),
}

#[derive(Clone)]
enum Contents {
    Bytes(Vec<u8>),
    Directory,
    /// A file of this size.
    Large(usize),
    /// A file with this mode.
    #[cfg(unix)]
    Mode(u32),
}

impl Row {
    pub(super) fn new(name: &'static str) -> Self {
        let variables =
            [("HOME", "{home}"), ("AWS_REGION", "us-east-1"), ("AWS_EC2_METADATA_DISABLED", "true")];
        Self {
            name,
            expected: Expected::Goes(vec![
                "GetCallerIdentity https://sts.us-east-1.amazonaws.com/ AKIDENVIRON us-east-1",
            ]),
            told: Vec::new(),
            whole: None,
            isolated: false,
            real: false,
            variables: variables.map(|(name, value)| (name, value.into())).into(),
            files: Vec::new(),
            code: None,
        }
    }

    /// Whether its config file names a program, which is one of Unix.
    pub(super) fn runs_a_program(&self) -> bool {
        self.files.iter().any(|(_, contents)| match contents {
            Contents::Bytes(bytes) => String::from_utf8_lossy(bytes).contains("credential_process = "),
            _ => false,
        })
    }

    /// Keys in the environment.
    pub(super) fn keys(self) -> Self {
        self.set("AWS_ACCESS_KEY_ID", "AKIDENVIRON").set("AWS_SECRET_ACCESS_KEY", "planted-secret")
    }

    pub(super) fn set(mut self, name: &'static str, value: impl Into<OsString>) -> Self {
        self.variables.retain(|(known, _)| *known != name);
        self.variables.push((name, value.into()));
        self
    }

    pub(super) fn without(mut self, name: &'static str) -> Self {
        self.variables.retain(|(known, _)| *known != name);
        self
    }

    /// A variable that is not Unicode.
    #[cfg(unix)]
    pub(super) fn garbled(self, name: &'static str) -> Self {
        use std::os::unix::ffi::OsStringExt as _;
        self.set(name, OsString::from_vec(b"planted\xff".to_vec()))
    }

    pub(super) fn config(self, text: &'static str) -> Self {
        self.file(".aws/config", text)
    }

    pub(super) fn credentials(self, text: &'static str) -> Self {
        self.file(".aws/credentials", text)
    }

    pub(super) fn file(self, name: &'static str, contents: impl Into<Vec<u8>>) -> Self {
        self.place(name, Contents::Bytes(contents.into()))
    }

    pub(super) fn directory(self, name: &'static str) -> Self {
        self.place(name, Contents::Directory)
    }

    pub(super) fn large(self, name: &'static str, size: usize) -> Self {
        self.place(name, Contents::Large(size))
    }

    #[cfg(unix)]
    pub(super) fn mode(self, name: &'static str, mode: u32) -> Self {
        self.place(name, Contents::Mode(mode))
    }

    fn place(mut self, name: &'static str, contents: Contents) -> Self {
        self.files.push((name, contents));
        self
    }

    /// What code sets. It is set before the environment is given and behind it, which has to be the same.
    pub(super) fn code(mut self, code: fn(Setup) -> Setup) -> Self {
        self.code = Some(code);
        self
    }

    /// With builders that look in no environment.
    pub(super) fn isolated(mut self) -> Self {
        self.isolated = true;
        self
    }

    /// With the clients' own transports: the endpoint has to be of this machine.
    pub(super) fn real(mut self) -> Self {
        self.real = true;
        self
    }

    pub(super) fn refused(mut self, text: &'static str) -> Self {
        self.expected = Expected::Refused(text);
        self
    }

    pub(super) fn fails(mut self, text: &'static str) -> Self {
        self.expected = Expected::Fails(text);
        self
    }

    pub(super) fn goes(mut self, way: &'static str) -> Self {
        self.expected = Expected::Goes(vec![way]);
        self
    }

    pub(super) fn goes_by(mut self, way: &[&'static str]) -> Self {
        self.expected = Expected::Goes(way.to_vec());
        self
    }

    pub(super) fn told(mut self, line: &'static str) -> Self {
        self.told.push(line);
        self
    }

    /// All lines of `explain`; a text may be several.
    pub(super) fn whole(mut self, lines: &[&'static str]) -> Self {
        self.whole = Some(lines.to_vec());
        self
    }

    /// A home directory with the row's files.
    pub(super) fn home(&self) -> Home {
        let home = Home::in_memory();
        for (name, contents) in &self.files {
            if let Some(folder) = home.path(name).parent() {
                std::fs::create_dir_all(folder).expect("a directory can be created");
            }
            match contents {
                Contents::Bytes(bytes) => {
                    home.write(name, in_home(&String::from_utf8_lossy(bytes), &home, bytes));
                }
                Contents::Directory => {
                    std::fs::create_dir_all(home.path(name)).expect("a directory can be created")
                }
                Contents::Large(size) => {
                    home.write(name, vec![b'\n'; *size]);
                }
                #[cfg(unix)]
                Contents::Mode(mode) => {
                    use std::os::unix::fs::PermissionsExt;
                    let path = home.write(name, "");
                    std::fs::set_permissions(path, PermissionsExt::from_mode(*mode))
                        .expect("it is this user's");
                }
            }
        }
        home
    }

    /// Every order in which a program can make the clients of this row.
    pub(super) fn setups(&self, home: &Home) -> Vec<Setup> {
        let base = || Setup::new(Settings::new());
        let env = || {
            let value = |value: &OsString| match value.to_str() {
                Some(text) => {
                    String::from_utf8(in_home(text, home, text.as_bytes())).expect("it is text").into()
                }
                None => value.clone(),
            };
            Env::from_iter(self.variables.iter().map(|(name, given)| (*name, value(given))))
        };
        match (self.code, self.isolated) {
            (None, true) => vec![base()],
            (Some(code), true) => vec![code(base())],
            (None, false) => vec![base().env(env())],
            (Some(code), false) => vec![code(base().env(env())), code(base()).env(env())],
        }
    }

    /// What a client of this row talks to; `None` for its own transport.
    pub(super) fn peer(&self) -> Option<sts_tests::peer::Peer> {
        (!self.real).then(world::peer)
    }
}

/// With the home directory's path, if this is text.
fn in_home(text: &str, home: &Home, bytes: &[u8]) -> Vec<u8> {
    match text.contains("{home}") {
        true => text.replace("{home}", home.path("").to_str().expect("its name is plain")).into(),
        false => bytes.to_vec(),
    }
}
