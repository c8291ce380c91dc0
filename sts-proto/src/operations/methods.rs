//! What a client has for each operation of the list: a method, and a page in its documentation. Both show the example of
//! the list, with the client's own code.

/// The methods of a client, one per operation of the list. A client's `impl` passes this macro to
/// `for_each_operation!`, with the name of its crate, the start of its functions, and what follows a call of
/// `send`.
#[doc(hidden)]
#[macro_export]
macro_rules! client_methods {
    (($client:ident, $function:tt, $wait:tt) $(
        $(#[$sentence:meta])*
        $operation:ident: fn $method:ident $given:tt -> $output:ident $sent:tt
        example $before:tt $after:tt
    )*) => {$(
        $crate::client_methods! {
            @ $client, $function, $wait,
            $(#[$sentence])* $operation, $method, $given, $output, $sent, $before, $after
        }
    )*};
    (
        @ $client:ident, ($($function:tt)*), ($($wait:tt)*),
        $(#[$sentence:meta])*
        $operation:ident, $method:ident, ($($given:ident: $input:ident)?), $output:ident,
        { $sent:expr }, $before:tt, $after:tt
    ) => {
        $crate::with_example! {
            {
                $(#[$sentence])*
                #[doc = ""]
                #[doc = concat!(" Members, lifetimes and specific errors: [`", stringify!($operation), "`].")]
                #[doc = ""]
                #[doc = concat!(" [`", stringify!($operation), "`]: crate::operations::", stringify!($operation))]
                #[doc = ""]
                #[doc = " # Errors"]
                #[doc = ""]
                #[doc = " The errors of [`send`](Self::send)."]
            }
            $client, ($($function)*), ($($wait)*), $method, ($($given: $input)?), $before, $after,
            pub $($function)* $method(
                &self,
                $($given: $crate::operations::$input)?
            ) -> ::core::result::Result<$crate::operations::$output, $crate::Error> {
                self.pump.send($sent) $($wait)*
            }
        }
    };
}

/// The module `operations` of a client's crate: the operations of the core, each with the client's method before its own
/// documentation. The arguments are those of `client_methods!`.
#[doc(hidden)]
#[macro_export]
macro_rules! operation_pages {
    (($client:ident, $function:tt, $wait:tt) $(
        $(#[$sentence:meta])*
        $operation:ident: fn $method:ident $given:tt -> $output:ident $sent:tt
        example $before:tt $after:tt
    )*) => {
        /// The eleven operations of the service (API version 2011-06-15), each with its input and output.
        ///
        $(
            #[doc = concat!(" - [`", stringify!($operation), "`](crate::operations::", stringify!($operation), "):")]
            $(#[$sentence])*
        )*
        ///
        /// Their inputs are checked by the service: see [what is checked where](crate::guide::errors#what-is-checked-where).
        pub mod operations {$(
            $crate::with_example! {
                {
                    #[doc = concat!(
                        " Sent by [`Client::", stringify!($method), "`](super::Client::", stringify!($method), "):"
                    )]
                }
                $client, $function, $wait, $method, $given, $before, $after,
                pub use $crate::operations::$operation;
            }
            #[doc(inline)]
            pub use $crate::operations::$output;
        )*}
    };
}

/// An item with an example of an operation at the end of its documentation.
#[doc(hidden)]
#[macro_export]
macro_rules! with_example {
    (
        { $(#[$documentation:meta])* }
        $client:ident, ($($function:tt)*), ($($wait:tt)*), $method:ident, ($($given:ident: $input:ident)?),
        { $(#[$before:meta])* }, { $(#[$after:meta])* },
        $($item:tt)*
    ) => {
        // Not doc comments: rustdoc indents them differently from the lines that `concat!` makes.
        $(#[$documentation])*
        #[doc = ""]
        #[doc = " ```no_run"]
        #[doc = concat!(" # ", stringify!($($function)*), " example()")]
        #[doc = concat!(" # -> Result<(), ", stringify!($client), "::Error> {")]
        #[doc = concat!(" use ", stringify!($client), "::Client;")]
        $(#[doc = concat!(" use ", stringify!($client), "::operations::", stringify!($input), ";")])?
        #[doc = ""]
        #[doc = " let sts = Client::from_env()?;"]
        $(#[$before])*
        #[doc = concat!(
            " let output = sts.",
            stringify!($method),
            "(", $(stringify!($given),)? ")",
            stringify!($($wait)*),
            "?;"
        )]
        $(#[$after])*
        #[doc = " # Ok(())"]
        #[doc = " # }"]
        #[doc = " ```"]
        $($item)*
    };
}
