//! The two macros that make the input and the output of an operation.

/// Makes an operation's input: the structure, `new` with one argument for each required member, a setter for
/// each optional one, and its [`ToForm`](crate::wire::ToForm).
///
/// Required members come first, optional ones after `..`, each with its name on the wire. A `;` begins a second
/// such run, for a model that lists a required member behind an optional one. Members have no attributes but documentation,
/// which [`ToForm::SHAPE`](crate::wire::ToForm::SHAPE) has too. What `new` and the setters take is listed at
/// [`IntoMember`](crate::IntoMember).
///
/// ```
/// sts_proto::input! {
///     /// Asks for something.
///     pub struct Ask {
///         /// What for.
///         subject: String = "Subject",
///         ..
///         /// How long to wait, in seconds.
///         patience: u32 = "Patience",
///     }
/// }
/// let ask = Ask::new("tea").patience(5);
/// assert_eq!(ask.subject, "tea");
/// assert_eq!(ask.patience, Some(5));
/// ```
#[macro_export]
macro_rules! input {
    (
        $(#[$meta:meta])*
        pub struct $name:ident {
            $($(#[doc = $required_doc:literal])* $required:ident: $required_type:ty = $required_wire:literal,)*
            $(.. $($(#[doc = $optional_doc:literal])* $optional:ident: $optional_type:ty = $optional_wire:literal,)*)?
            $(;
                $($(#[doc = $late_doc:literal])* $late:ident: $late_type:ty = $late_wire:literal,)*
                $(.. $($(#[doc = $last_doc:literal])* $last:ident: $last_type:ty = $last_wire:literal,)*)?
            )?
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub struct $name {
            $($(#[doc = $required_doc])* pub $required: $required_type,)*
            $($($(#[doc = $optional_doc])* pub $optional: ::core::option::Option<$optional_type>,)*)?
            $(
                $($(#[doc = $late_doc])* pub $late: $late_type,)*
                $($($(#[doc = $last_doc])* pub $last: ::core::option::Option<$last_type>,)*)?
            )?
        }

        impl $name {
            /// With the required members; nothing else is set.
            #[allow(clippy::new_without_default, clippy::too_many_arguments)]
            pub fn new(
                $($required: impl $crate::IntoMember<$required_type>,)*
                $($($late: impl $crate::IntoMember<$late_type>,)*)?
            ) -> Self {
                Self {
                    $($required: $required.into_member(),)*
                    $($($optional: ::core::option::Option::None,)*)?
                    $(
                        $($late: $late.into_member(),)*
                        $($($last: ::core::option::Option::None,)*)?
                    )?
                }
            }

            $($(
                $(#[doc = $optional_doc])*
                pub fn $optional<By>(mut self, value: impl $crate::IntoOptional<$optional_type, By>) -> Self {
                    self.$optional = value.into_optional();
                    self
                }
            )*)?

            $($($(
                $(#[doc = $last_doc])*
                pub fn $last<By>(mut self, value: impl $crate::IntoOptional<$last_type, By>) -> Self {
                    self.$last = value.into_optional();
                    self
                }
            )*)?)?
        }

        impl $crate::wire::ToForm for $name {
            const SHAPE: $crate::wire::Shape = $crate::wire::Shape::Structure(&[
                $($crate::wire::Member::required(
                    $required_wire,
                    concat!($($required_doc),*),
                    <$required_type as $crate::wire::ToForm>::SHAPE,
                ),)*
                $($($crate::wire::Member::optional(
                    $optional_wire,
                    concat!($($optional_doc),*),
                    <$optional_type as $crate::wire::ToForm>::SHAPE,
                ),)*)?
                $(
                    $($crate::wire::Member::required(
                        $late_wire,
                        concat!($($late_doc),*),
                        <$late_type as $crate::wire::ToForm>::SHAPE,
                    ),)*
                    $($($crate::wire::Member::optional(
                        $last_wire,
                        concat!($($last_doc),*),
                        <$last_type as $crate::wire::ToForm>::SHAPE,
                    ),)*)?
                )?
            ]);

            #[allow(unused_variables)]
            fn write(&self, form: &mut $crate::wire::Form) {
                $(form.member($required_wire, &self.$required);)*
                $($(form.member($optional_wire, &self.$optional);)*)?
                $(
                    $(form.member($late_wire, &self.$late);)*
                    $($(form.member($last_wire, &self.$last);)*)?
                )?
            }
        }

        $crate::serde_structure! {
            strict $name {
                $($required: $required_type = $required_wire,)*
                $($($optional: ::core::option::Option<$optional_type> = $optional_wire,)*)?
                $(
                    $($late: $late_type = $late_wire,)*
                    $($($last: ::core::option::Option<$last_type> = $last_wire,)*)?
                )?
            } {}
        }

        impl $crate::IntoMember<$name> for $name {
            fn into_member(self) -> $name {
                self
            }
        }

        impl $crate::IntoMember<$name> for &$name {
            fn into_member(self) -> $name {
                self.clone()
            }
        }
    };
}

/// Makes a structure that is read from XML, with its [`FromXml`](crate::wire::FromXml). A member of type `Option` may be missing,
/// any other may not; elements that are not named are passed over.
///
/// With `metadata` behind the structure it is an operation's output: it gets a field of that name with the
/// answer's [`Metadata`](crate::Metadata), and is an [`Output`](crate::Output).
///
/// ```
/// sts_proto::output! {
///     /// Something.
///     pub struct Given {
///         /// What it is called.
///         name: String = "Name",
///         /// How much of it, if that is known.
///         size: Option<i64> = "Size",
///     }
///     metadata
/// }
/// # fn shown(given: Given) -> Option<String> { given.metadata.request_id().map(str::to_owned) }
/// ```
#[macro_export]
macro_rules! output {
    ($($tokens:tt)*) => {
        $crate::output_structure! { $($tokens)* }
        $crate::made_output! { $($tokens)* }
    };
}

/// With the feature `serde`, what reads and writes structures: see `serde/mod.rs`.
#[cfg(not(feature = "serde"))]
#[doc(hidden)]
#[macro_export]
macro_rules! serde_structure {
    ($($tokens:tt)*) => {};
}

/// With the feature `testing`, what makes outputs: see `testing/made.rs`.
#[cfg(not(feature = "testing"))]
#[doc(hidden)]
#[macro_export]
macro_rules! made_output {
    ($($tokens:tt)*) => {};
}

#[doc(hidden)]
#[macro_export]
macro_rules! output_structure {
    (
        $(#[$meta:meta])*
        pub struct $name:ident {
            $($(#[$member_meta:meta])* $member:ident: $type:ty = $wire:literal,)*
        }
        $($metadata:ident)?
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub struct $name {
            $($(#[$member_meta])* pub $member: $type,)*
            $(
                /// Status and request ids of the answer.
                pub $metadata: $crate::Metadata,
            )?
        }

        impl $crate::wire::FromXml for $name {
            fn read(
                reader: &mut $crate::wire::XmlReader<'_>,
            ) -> ::core::result::Result<Self, $crate::wire::XmlError> {
                $(let mut $member: ::core::option::Option<$type> = ::core::option::Option::None;)*
                $crate::wire::read_members(reader, &mut [$(($wire, &mut $member),)*])?;
                ::core::result::Result::Ok(Self {
                    $($member: match $member {
                        ::core::option::Option::Some(value) => value,
                        ::core::option::Option::None => {
                            <$type as $crate::wire::FromXml>::missing(stringify!($name), $wire)?
                        }
                    },)*
                    $($metadata: ::core::default::Default::default(),)?
                })
            }

            fn to_value(&self) -> $crate::wire::Value {
                $crate::wire::Value::Structure(::std::vec![
                    $(($wire.into(), $crate::wire::FromXml::to_value(&self.$member)),)*
                ])
            }
        }

        $crate::serde_structure! { tolerant $name { $($member: $type = $wire,)* } { $($metadata)? } }

        $(impl $crate::Output for $name {
            const PATH: &'static str = concat!(module_path!(), "::", stringify!($name));

            fn metadata(&self) -> &$crate::Metadata {
                &self.$metadata
            }

            fn metadata_mut(&mut self) -> &mut $crate::Metadata {
                &mut self.$metadata
            }
        })?
    };
}
