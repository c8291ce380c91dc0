//! What a client is made with.

use super::look::{Look, look};
use crate::credentials::CliCache;
use crate::observe::Observer;
use crate::settings::{Env, Settings, Sourced};
#[cfg(feature = "testing")]
use crate::testing::Fixed;

/// What a client is made with, before anything is read: what code sets, and where to look for the rest. What code sets
/// goes before what is looked for.
#[derive(Clone, Debug)]
#[must_use]
pub struct Config {
    pub(super) settings: Settings,
    pub(super) looks: Looks,
    pub(super) profile: Option<Sourced<String>>,
    /// Whether a provider of the program's own gives the credentials.
    pub(super) provided: bool,
    pub(super) credentials_only: bool,
    /// Makes the AWS CLI's cache, if it is shared. A function, so that a program that shares none does not hold its code.
    pub(super) cli_cache: Option<fn(&Env) -> CliCache>,
    pub(super) observer: Option<Observer>,
    #[cfg(feature = "testing")]
    pub(super) fixed: Fixed,
}

/// Where settings are looked for that code does not set.
#[derive(Clone, Debug)]
pub(super) enum Looks {
    /// And in the files that the environment leads to. A function, so that a program whose clients look nowhere does not hold the
    /// code of all sources.
    InEnvironment {
        env: Env,
        traced: bool,
        look: Look,
    },
    Nowhere,
}

impl Config {
    /// Looks in this environment, and in the shared files that it leads to.
    pub fn new(env: Env) -> Self {
        let looks = Looks::InEnvironment { env, traced: false, look };
        Self { looks, ..Self::isolated() }
    }

    /// Looks in the environment of this process: as [`new`](Self::new), and each call belongs to the trace that the
    /// environment names by then, if it names one.
    pub fn of_process(env: Env) -> Self {
        let traced = env.is_aws_lambda();
        Self { looks: Looks::InEnvironment { env, traced, look }, ..Self::isolated() }
    }

    /// Looks in no environment and in no file.
    pub fn isolated() -> Self {
        Self {
            settings: Settings::new(),
            looks: Looks::Nowhere,
            profile: None,
            provided: false,
            credentials_only: false,
            cli_cache: None,
            observer: None,
            #[cfg(feature = "testing")]
            fixed: Fixed::default(),
        }
    }

    crate::settings_setters!(set_in_field[settings]);

    crate::config_setters!(set_here []);

    /// A provider of the program's own gives the credentials, whatever environment and files say: see
    /// [`Job::Provider`](super::Job::Provider).
    pub fn provided(mut self) -> Self {
        self.provided = true;
        self
    }
}
