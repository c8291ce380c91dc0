//! What entries are called and what is in them, behind a trait: a program that shares no cache holds none of this code.

use std::collections::VecDeque;

use http::HeaderMap;

use super::look::{Look, Wanted};
use super::{CliCache, entry, name};
use crate::credentials::sso;
use crate::keys::Credentials;
use crate::operations::{
    AssumeRole, AssumeRoleOutput, AssumeRoleWithWebIdentity, AssumeRoleWithWebIdentityOutput,
};
use crate::secret::Secret;

pub(super) trait Format: Send + Sync {
    fn look(&self, cache: CliCache, wanted: VecDeque<(usize, Wanted)>) -> Look;
    fn role_file(&self, role: &AssumeRole, is_named: bool) -> Option<String>;
    fn web_identity_file(&self, role: &AssumeRoleWithWebIdentity, is_named: bool) -> String;
    fn sso_file(&self, config: &sso::Config) -> String;
    fn of_role(&self, output: &AssumeRoleOutput, headers: &HeaderMap) -> Option<Secret>;
    fn of_web_identity(
        &self,
        output: &AssumeRoleWithWebIdentityOutput,
        headers: &HeaderMap,
    ) -> Option<Secret>;
    fn of_sso(&self, keys: &Credentials) -> Option<Secret>;
}

pub(super) struct AwsCli;

impl Format for AwsCli {
    fn look(&self, cache: CliCache, wanted: VecDeque<(usize, Wanted)>) -> Look {
        Look::new(cache, wanted)
    }

    fn role_file(&self, role: &AssumeRole, is_named: bool) -> Option<String> {
        name::role_file(role, is_named)
    }

    fn web_identity_file(&self, role: &AssumeRoleWithWebIdentity, is_named: bool) -> String {
        name::web_identity_file(role, is_named)
    }

    fn sso_file(&self, config: &sso::Config) -> String {
        name::sso_file(config.account_id(), config.role_name(), config.known_as())
    }

    fn of_role(&self, output: &AssumeRoleOutput, headers: &HeaderMap) -> Option<Secret> {
        entry::of_role(output, headers)
    }

    fn of_web_identity(
        &self,
        output: &AssumeRoleWithWebIdentityOutput,
        headers: &HeaderMap,
    ) -> Option<Secret> {
        entry::of_web_identity(output, headers)
    }

    fn of_sso(&self, keys: &Credentials) -> Option<Secret> {
        entry::of_sso(keys)
    }
}
