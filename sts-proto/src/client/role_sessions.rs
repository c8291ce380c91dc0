//! Sessions of many roles at once, for a program that acts for tenants.

use std::fmt;
use std::num::NonZeroUsize;

use super::recent::Recent;
use crate::operations::AssumeRole;

/// A client that can be made again with the credentials of a role.
pub trait InRole: Sized {
    /// The same client, which assumes the role with the credentials that this one has.
    #[must_use]
    fn in_role(&self, role: AssumeRole) -> Self;
}

/// Sessions of roles, at most so many at a time.
///
/// A server that acts for many tenants asks for a session with each request: [`client`](Self::client) gives a client of
/// type `C` that signs with it. Calls with the same input share a session: everything that the caller sets counts, role,
/// session name, policies, tags, source identity, external id, duration. Two inputs that differ in anything never share one.
///
/// A session is fetched when its client needs it first, once however many calls wait for it, and again before it expires,
/// while it is in use: see [What every client does](crate::client#what-every-client-does). A session that is not used is
/// not renewed. Where there are more than `max`, the one that was asked for longest ago is forgotten; a client that was
/// given out goes on working. A session takes about 2 kB plus the length of its token and twice that of its input.
///
/// ```
/// use std::num::NonZeroUsize;
/// use sts_proto::client::{InRole, RoleSessions};
/// use sts_proto::operations::AssumeRole;
///
/// # struct Client;
/// # impl InRole for Client { fn in_role(&self, _: AssumeRole) -> Self { Client } }
/// # impl Clone for Client { fn clone(&self) -> Self { Client } }
/// # let client = Client;
/// let sessions = RoleSessions::new(client, NonZeroUsize::new(1000).unwrap());
/// let role = "arn:aws:iam::123456789012:role/tenant";
/// let of = |tenant| sessions.client(&AssumeRole::new(role, tenant));
/// of("alice");
/// of("bob");
/// of("alice");
/// assert_eq!(sessions.len(), 2);
/// ```
pub struct RoleSessions<C> {
    client: C,
    kept: Recent<C>,
}

impl<C: InRole + Clone> RoleSessions<C> {
    /// Sessions of roles that `client` assumes, at most `max` at a time.
    pub fn new(client: C, max: NonZeroUsize) -> Self {
        Self { client, kept: Recent::new(max) }
    }

    /// A client that signs with a session of this input. Nothing is sent before the client needs credentials.
    pub fn client(&self, role: &AssumeRole) -> C {
        self.kept.get(role, || self.client.in_role(role.clone()))
    }

    /// Forgets the session of this input, for a tenant that may no longer have it. The next [`client`](Self::client) begins
    /// another; clients that were given out go on with theirs. Returns whether there was one.
    pub fn forget(&self, role: &AssumeRole) -> bool {
        self.kept.forget(role)
    }

    /// The client that assumes the roles.
    pub fn source(&self) -> &C {
        &self.client
    }

    /// How many sessions are kept.
    pub fn len(&self) -> usize {
        self.kept.len()
    }

    /// Whether no session is kept.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Prints numbers only: inputs may hold what a tenant calls itself.
impl<C> fmt::Debug for RoleSessions<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RoleSessions")
            .field("len", &self.kept.len())
            .field("max", &self.kept.max)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, OnceLock};

    use super::*;
    use crate::types::Tag;

    /// Has a number of its own, and counts those that were made.
    #[derive(Clone)]
    struct Numbered(usize, Arc<AtomicUsize>);

    impl InRole for Numbered {
        fn in_role(&self, _: AssumeRole) -> Self {
            Self(self.1.fetch_add(1, Ordering::Relaxed) + 1, Arc::clone(&self.1))
        }
    }

    fn sessions(max: usize) -> RoleSessions<Numbered> {
        RoleSessions::new(Numbered(0, Arc::default()), NonZeroUsize::new(max).unwrap())
    }

    fn role(session: &str) -> AssumeRole {
        AssumeRole::new("arn:aws:iam::123456789012:role/demo", session)
    }

    /// Assumes its roles with a session of another role.
    #[derive(Clone, Default)]
    struct ThroughHub(Arc<OnceLock<RoleSessions<Self>>>);

    impl InRole for ThroughHub {
        fn in_role(&self, of: AssumeRole) -> Self {
            if of == role("hub") { self.clone() } else { self.0.get().unwrap().client(&role("hub")) }
        }
    }

    /// Where a client is made under the lock, this does not end.
    #[test]
    fn a_session_may_need_another_one() {
        let hub = ThroughHub::default();
        let sessions = RoleSessions::new(hub.clone(), NonZeroUsize::new(9).unwrap());
        let sessions = hub.0.get_or_init(|| sessions);
        sessions.client(&role("a"));
        assert_eq!(sessions.len(), 2);
    }

    #[test]
    fn whatever_differs_in_the_input_has_a_session_of_its_own() {
        let sessions = sessions(100);
        let inputs = [
            role("a"),
            role("b"),
            AssumeRole::new("arn:aws:iam::123456789012:role/other", "a"),
            role("a").policy("{}"),
            role("a").duration_seconds(900),
            role("a").external_id("a"),
            role("a").source_identity("a"),
            role("a").tags([Tag::new("team", "a")]),
            role("a").tags([Tag::new("team", "b")]),
            role("a").tags([Tag::new("team", "a"), Tag::new("cost", "b")]),
            role("a").transitive_tag_keys(["team"]),
            // What one member says is not mistaken for another member.
            role("a&Policy=%7B%7D"),
        ];
        let mut numbers: Vec<_> = inputs.iter().map(|input| sessions.client(input).0).collect();
        assert_eq!(numbers, inputs.iter().map(|input| sessions.client(input).0).collect::<Vec<_>>());
        numbers.dedup();
        assert_eq!(numbers.len(), inputs.len());
        assert_eq!(sessions.len(), inputs.len());
    }

    #[test]
    fn the_session_that_was_used_longest_ago_makes_room() {
        let sessions = sessions(3);
        let number = |name| sessions.client(&role(name)).0;
        assert_eq!(["a", "b", "c", "a", "d"].map(number), [1, 2, 3, 1, 4]);
        assert_eq!(["a", "c", "d"].map(number), [1, 3, 4]);
        assert_eq!(number("b"), 5);
        assert_eq!(["c", "d", "b"].map(number), [3, 4, 5]);
        assert_eq!(sessions.len(), 3);
    }

    #[test]
    fn a_forgotten_session_begins_anew() {
        let sessions = sessions(3);
        assert!(!sessions.forget(&role("a")) && sessions.is_empty());
        assert_eq!(sessions.client(&role("a")).0, 1);
        assert!(sessions.forget(&role("a")) && !sessions.forget(&role("a")) && sessions.is_empty());
        assert_eq!(sessions.client(&role("a")).0, 2);
    }
}
