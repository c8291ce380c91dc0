//! What `output!` makes beside the structure, so that tests can make outputs.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, StatusCode};

use crate::error::Metadata;
use crate::keys::Credentials;
use crate::member::IntoMember;

/// `new` with one argument for each member that an answer must have, a setter for each other one, and for an output a setter
/// of the request id. It takes the tokens of [`output!`](crate::output).
#[doc(hidden)]
#[macro_export]
macro_rules! made_output {
    (
        $(#[$meta:meta])*
        pub struct $name:ident { $($members:tt)* }
        $($metadata:ident)?
    ) => {
        $crate::made_output! { @sort $name ($($metadata)?) {} {} $($members)* }
    };
    (
        @sort $name:ident $metadata:tt $required:tt { $($optional:tt)* }
        $(#[$doc:meta])* $member:ident: Option<$type:ty> = $wire:literal, $($rest:tt)*
    ) => {
        $crate::made_output! {
            @sort $name $metadata $required { $($optional)* { $(#[$doc])* $member: $type } } $($rest)*
        }
    };
    (
        @sort $name:ident $metadata:tt { $($required:tt)* } $optional:tt
        $(#[$doc:meta])* $member:ident: $type:ty = $wire:literal, $($rest:tt)*
    ) => {
        $crate::made_output! {
            @sort $name $metadata { $($required)* { $member: $type } } $optional $($rest)*
        }
    };
    (
        @sort $name:ident ($($metadata:ident)?)
        { $({ $required:ident: $required_type:ty })* }
        { $({ $(#[$doc:meta])* $optional:ident: $optional_type:ty })* }
    ) => {
        impl $name {
            /// For tests: with the members that an answer has to have, and without the others.
            #[allow(clippy::new_without_default, clippy::too_many_arguments)]
            pub fn new($($required: impl $crate::IntoMember<$required_type>),*) -> Self {
                Self {
                    $($required: $required.into_member(),)*
                    $($optional: ::core::option::Option::None,)*
                    $($metadata: $crate::testing::metadata(::core::option::Option::None),)?
                }
            }

            $(
                $(#[$doc])*
                ///
                /// For tests: sets it.
                pub fn $optional<By>(mut self, value: impl $crate::IntoOptional<$optional_type, By>) -> Self {
                    self.$optional = value.into_optional();
                    self
                }
            )*

            $(
                /// For tests: sets the request id of the answer.
                pub fn request_id(mut self, id: &str) -> Self {
                    self.$metadata = $crate::testing::metadata(::core::option::Option::Some(id));
                    self
                }
            )?
        }

        impl $crate::IntoMember<$name> for $name {
            fn into_member(self) -> $name {
                self
            }
        }

        impl $crate::testing::Sample for $name {
            fn sample(source: &mut $crate::testing::Source<'_>) -> Self {
                Self {
                    $($required: $crate::testing::Sample::sample(source),)*
                    $($optional: $crate::testing::Sample::sample(source),)*
                    $($metadata: $crate::testing::Sample::sample(source),)?
                }
            }
        }
    };
}

/// What an answer with the status 200 says about itself.
pub fn metadata(request_id: Option<&str>) -> Metadata {
    let mut metadata = Metadata::new(StatusCode::OK, &HeaderMap::new());
    metadata.set_body_request_id(request_id);
    metadata
}

/// The keys that AWS documents as examples.
pub fn example_keys() -> Credentials {
    Credentials::new("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
}

/// The keys of an answer, which are always temporary: they get a session token and an expiration in 2099, where they have none.
impl IntoMember<Self> for Credentials {
    fn into_member(mut self) -> Self {
        self.session_token.get_or_insert_with(|| "AQoDYXdzEXAMPLETOKEN".into());
        self.expiration.get_or_insert(SystemTime::UNIX_EPOCH + END_OF_2099);
        self
    }
}

impl IntoMember<Credentials> for &Credentials {
    fn into_member(self) -> Credentials {
        self.clone().into_member()
    }
}

const END_OF_2099: Duration = Duration::from_secs(4_102_444_799);
