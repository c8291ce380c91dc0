//! The eleven operations of the service (API version 2011-06-15), one per file, with input, output and an
//! example.
//!
//! Lengths, ranges and patterns of members are the service's to check, since it may change them: it refuses what it does not
//! take, mostly with [`ValidationError`](crate::ErrorCode::ValidationError). What is checked before a request is sent: region
//! and endpoint when a client is made, keys when a request is signed with them. A number that a member cannot hold becomes the
//! nearest that it can, also one of seconds: see [`IntoMember`](crate::IntoMember).

#[macro_use]
mod list;
mod methods;

// Written by hand, since rustfmt does not find files through a macro.
mod assume_role;
mod assume_role_with_saml;
mod assume_role_with_web_identity;
mod assume_root;
mod decode_authorization_message;
mod get_access_key_info;
mod get_caller_identity;
mod get_delegated_access_token;
mod get_federation_token;
mod get_session_token;
mod get_web_identity_token;

macro_rules! export {
    (() $(
        $(#[$sentence:meta])*
        $operation:ident: fn $method:ident($($given:tt)*) -> $output:ident { $sent:expr }
        example { $($before:tt)* } { $($after:tt)* }
    )*) => {
        $(pub use $method::{$operation, $output};)*
    };
}

for_each_operation!(export);
