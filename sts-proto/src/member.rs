//! Conversions for the constructors and setters that the macros make.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::secret::Secret;

/// A value that `new` and the setters of an input accept for a member of type `T`:
///
/// | member | taken |
/// |---|---|
/// | `String`, `Secret` | `&str`, `String`, `&String`, `Cow<str>`, `Box<str>`, `Arc<str>` |
/// | numbers | every integer of up to 64 bits, `usize` and `isize`; one that the member cannot hold becomes the nearest that it can |
/// | numbers of seconds (`u32`) | `Duration` also, without its fraction of a second |
/// | `Vec` | whatever can be iterated over: `Vec`, arrays, `&[T]`, sets, iterators |
/// | `Vec<Tag>` | maps also, and anything else that has pairs of key and value |
/// | `Vec<PolicyDescriptorType>` | ARNs also, each as text |
///
/// Setters of optional members also take an `Option` of these: see [`IntoOptional`].
///
/// ```
/// use std::collections::BTreeMap;
/// use std::time::Duration;
/// use sts_proto::operations::AssumeRole;
///
/// let role = "arn:aws:iam::123456789012:role/demo";
/// let tags = BTreeMap::from([("team", "payments")]);
/// let device: Option<String> = None;
/// let operation = AssumeRole::new(role, "build-42")
///     .duration_seconds(Duration::from_secs(900))
///     .transitive_tag_keys(tags.keys())
///     .tags(tags)
///     .serial_number(device);
/// assert_eq!(operation.duration_seconds, Some(900));
/// assert_eq!(operation.serial_number, None);
/// ```
///
/// What is not taken is an error of the compiler that says what is:
///
/// ```compile_fail,E0277
/// use sts_proto::operations::AssumeRole;
///
/// let role = "arn:aws:iam::123456789012:role/demo";
/// AssumeRole::new(role, "build-42").external_id(42);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not taken for a member of type `{T}`",
    label = "cannot become a `{T}`",
    note = "texts and secrets are taken as `&str`, `String`, `&String`, `Cow<str>`, `Box<str>` and `Arc<str>`",
    note = "numbers are taken as any integer, and seconds (`u32`) as `Duration` too",
    note = "lists are taken as anything that can be iterated over, and a list of tags as a map too",
    note = "a tag is taken as a pair of key and value, a managed policy as its ARN"
)]
pub trait IntoMember<T> {
    /// Converts the value.
    fn into_member(self) -> T;
}

/// A value that the setter of an optional member of type `T` accepts: what [`IntoMember`] lists, or an `Option` of it, of which
/// `None` leaves the member out. The compiler finds `By`, which tells the two apart.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not taken for an optional member of type `{T}`",
    label = "cannot become an `Option<{T}>`",
    note = "texts and secrets are taken as `&str`, `String`, `&String`, `Cow<str>`, `Box<str>` and `Arc<str>`",
    note = "numbers are taken as any integer, and seconds (`u32`) as `Duration` too",
    note = "lists are taken as anything that can be iterated over, and a list of tags as a map too",
    note = "a tag is taken as a pair of key and value, a managed policy as its ARN",
    note = "each of these is taken in an `Option` too; `None` needs a type, as in `None::<&str>`"
)]
pub trait IntoOptional<T, By> {
    /// Converts the value.
    fn into_optional(self) -> Option<T>;
}

/// The value itself: see [`IntoOptional`].
#[derive(Debug)]
#[non_exhaustive]
pub struct Bare;

/// The value in an `Option`: see [`IntoOptional`].
#[derive(Debug)]
#[non_exhaustive]
pub struct Wrapped;

impl<T, U: IntoMember<T>> IntoOptional<T, Bare> for U {
    #[inline]
    fn into_optional(self) -> Option<T> {
        Some(self.into_member())
    }
}

impl<T, U: IntoMember<T>> IntoOptional<T, Wrapped> for Option<U> {
    #[inline]
    fn into_optional(self) -> Option<T> {
        self.map(U::into_member)
    }
}

/// Whatever can be iterated over.
impl<T, I: IntoIterator<Item: IntoMember<T>>> IntoMember<Vec<T>> for I {
    fn into_member(self) -> Vec<T> {
        self.into_iter().map(IntoMember::into_member).collect()
    }
}

impl IntoMember<bool> for bool {
    fn into_member(self) -> bool {
        self
    }
}

impl IntoMember<Self> for SystemTime {
    fn into_member(self) -> Self {
        self
    }
}

/// Whole seconds.
impl IntoMember<u32> for Duration {
    fn into_member(self) -> u32 {
        self.as_secs().into_member()
    }
}

macro_rules! numbers {
    ($member:ty: $($number:ty)*) => {$(
        impl IntoMember<$member> for $number {
            fn into_member(self) -> $member {
                // Too large or too small.
                <$member>::try_from(self).unwrap_or(if self > 0 { <$member>::MAX } else { <$member>::MIN })
            }
        }
    )*};
}

numbers!(u16: u8 u16 u32 u64 usize i8 i16 i32 i64 isize);
numbers!(u32: u8 u16 u32 u64 usize i8 i16 i32 i64 isize);
numbers!(u64: u8 u16 u32 u64 usize i8 i16 i32 i64 isize);
numbers!(i64: u8 u16 u32 u64 usize i8 i16 i32 i64 isize);

macro_rules! texts {
    ($($text:ty: $this:ident $convert:expr;)*) => {$(
        impl IntoMember<String> for $text {
            fn into_member(self) -> String {
                let $this = self;
                $convert
            }
        }

        impl IntoMember<Secret> for $text {
            fn into_member(self) -> Secret {
                let $this = self;
                Secret::new($convert)
            }
        }
    )*};
}

texts! {
    String: text text;
    &String: text text.clone();
    &&String: text String::clone(text);
    &str: text text.to_owned();
    &&str: text str::to_owned(text);
    Cow<'_, str>: text text.into_owned();
    &Cow<'_, str>: text str::to_owned(text);
    Box<str>: text text.into_string();
    &Box<str>: text str::to_owned(text);
    Arc<str>: text str::to_owned(&text);
    &Arc<str>: text str::to_owned(text);
}

impl IntoMember<Self> for Secret {
    fn into_member(self) -> Self {
        self
    }
}

impl IntoMember<Secret> for &Secret {
    fn into_member(self) -> Secret {
        self.clone()
    }
}

#[cfg(test)]
mod tests {
    // What is borrowed, and maps that draw entropy, are taken too.
    #![allow(clippy::needless_borrows_for_generic_args, clippy::disallowed_types)]

    use std::collections::{BTreeMap, HashMap, HashSet};

    use super::*;
    use crate::operation::Operation;
    use crate::operations::{AssumeRole, AssumeRoot, GetSessionToken, GetWebIdentityToken};
    use crate::types::Tag;

    fn form(set: impl FnOnce(AssumeRole) -> AssumeRole) -> String {
        let form = set(AssumeRole::new("r", "s")).to_form();
        form.split_once("&RoleSessionName=s").unwrap().1.to_owned()
    }

    #[test]
    fn numbers_that_do_not_fit_become_the_nearest() {
        assert_eq!(form(|role| role.duration_seconds(900)), "&DurationSeconds=900");
        for role in [
            form(|role| role.duration_seconds(900_u64)),
            form(|role| role.duration_seconds(900_u16)),
            form(|role| role.duration_seconds(900_i64)),
            form(|role| role.duration_seconds(900_usize)),
            form(|role| role.duration_seconds(Some(900))),
            form(|role| role.duration_seconds(Duration::from_millis(900_999))),
            form(|role| role.duration_seconds(Some(Duration::from_secs(900)))),
        ] {
            assert_eq!(role, "&DurationSeconds=900");
        }
        let all = |number: i64| {
            let role = GetSessionToken::new().duration_seconds(number).minimum_session_token_size(number);
            (role.duration_seconds, role.minimum_session_token_size)
        };
        assert_eq!(all(-1), (Some(0), Some(0)));
        assert_eq!(all(i64::MAX), (Some(u32::MAX), Some(u16::MAX)));
        assert_eq!(IntoMember::<i64>::into_member(u64::MAX), i64::MAX);
        assert_eq!(IntoMember::<u64>::into_member(-1_i8), 0);
        assert_eq!(IntoMember::<u32>::into_member(Duration::MAX), u32::MAX);
    }

    #[test]
    fn texts_of_every_kind() {
        let token: Option<String> = Some("t".to_owned());
        let keys = || crate::keys::Credentials::new("a", "b");
        assert_eq!(keys().with_session_token(token), keys().with_session_token("t"));
        assert_eq!(keys().with_session_token("t").with_session_token(None::<Secret>), keys());
        assert_eq!(keys().with_expiration(None::<SystemTime>).with_account_id(None::<&str>), keys());
        let owned = "x".to_owned();
        let texts = ["x"];
        for role in [
            form(|role| role.external_id("x")),
            form(|role| role.external_id(&owned)),
            form(|role| role.external_id(owned.clone())),
            form(|role| role.external_id(Cow::Borrowed("x"))),
            form(|role| role.external_id(Box::<str>::from("x"))),
            form(|role| role.external_id(Arc::<str>::from("x"))),
            form(|role| role.external_id(Some("x"))),
            form(|role| role.external_id(Some(&owned))),
            form(|role| role.external_id(texts.first())),
        ] {
            assert_eq!(role, "&ExternalId=x");
        }
        assert_eq!(form(|role| role.external_id("x").external_id(None::<&str>)), "");
        let secret = Secret::from("1");
        assert_eq!(form(|role| role.token_code(&secret)), form(|role| role.token_code(Some("1"))));
    }

    #[test]
    fn lists_of_everything_that_can_be_iterated_over() {
        let keys = vec!["a".to_owned(), "b".to_owned()];
        for role in [
            form(|role| role.transitive_tag_keys(["a", "b"])),
            form(|role| role.transitive_tag_keys(&["a", "b"])),
            form(|role| role.transitive_tag_keys(&keys)),
            form(|role| role.transitive_tag_keys(keys.as_slice())),
            form(|role| role.transitive_tag_keys(keys.iter().map(String::as_str))),
            form(|role| role.transitive_tag_keys(keys.clone())),
            form(|role| role.transitive_tag_keys(Some(keys.clone()))),
        ] {
            assert_eq!(role, "&TransitiveTagKeys.member.1=a&TransitiveTagKeys.member.2=b");
        }
        assert_eq!(form(|role| role.transitive_tag_keys(None::<Vec<String>>)), "");
        let set = HashSet::from(["a"]);
        assert_eq!(form(|role| role.transitive_tag_keys(set)), "&TransitiveTagKeys.member.1=a");
        assert_eq!(GetWebIdentityToken::new(["a"], "RS256"), GetWebIdentityToken::new(vec!["a"], "RS256"));
        assert_eq!(AssumeRoot::new("1", "arn").task_policy_arn.arn.as_deref(), Some("arn"));
    }

    #[test]
    fn what_is_no_member_takes_an_option_too() {
        use crate::proof::Vault;
        use crate::token::Rds;
        let region = Some("eu-west-1".to_owned());
        let set = |region: Option<String>| format!("{:?}", Rds::new("h", 5432, "u").region(region));
        assert_eq!(set(region), format!("{:?}", Rds::new("h", 5432, "u").region("eu-west-1")));
        assert_eq!(set(None), format!("{:?}", Rds::new("h", 5432, "u")));
        let set = |id: Option<&str>| format!("{:?}", Vault::new("r").server_id(id));
        assert_eq!(set(Some("vault")), format!("{:?}", Vault::new("r").server_id("vault")));
        assert_eq!(set(None), format!("{:?}", Vault::new("r")));
    }

    #[cfg(feature = "roles-anywhere")]
    #[test]
    fn a_configuration_in_code_takes_an_option_too() {
        use crate::credentials::roles_anywhere::{Config, PemFiles};
        let config = || Config::new(PemFiles::new("c", "k"), "r", "p", "t");
        let set = config().region("r").endpoint_url("u").duration_seconds(Duration::from_secs(900));
        let some = config().region(Some("r")).endpoint_url(Some("u")).duration_seconds(Some(900));
        assert_eq!(set, some);
        let none = some.region(None::<&str>).endpoint_url(None::<&str>).duration_seconds(None::<u32>);
        assert_eq!(none, config());
    }

    #[test]
    fn tags_are_pairs_or_maps_of_them() {
        let pairs = [("a".to_owned(), "b".to_owned())];
        let tree = BTreeMap::from(pairs.clone());
        let hash: HashMap<&str, Cow<'_, str>> = HashMap::from([("a", "b".into())]);
        for role in [
            form(|role| role.tags([("a", "b")])),
            form(|role| role.tags(&[("a", "b")])),
            form(|role| role.tags(&pairs)),
            form(|role| role.tags(&tree)),
            form(|role| role.tags(tree.clone())),
            form(|role| role.tags(&hash)),
            form(|role| role.tags(hash.clone())),
            form(|role| role.tags(&[Tag::new("a", "b")])),
            form(|role| role.tags(Some(&tree))),
        ] {
            assert_eq!(role, "&Tags.member.1.Key=a&Tags.member.1.Value=b");
        }
    }
}
