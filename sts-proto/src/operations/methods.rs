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
        { $sent:expr }, { $(#[$before:meta])* }, { $(#[$after:meta])* }
    ) => {
        // Not doc comments: rustdoc indents them differently from the lines that `concat!` makes.
        $(#[$sentence])*
        #[doc = ""]
        #[doc = concat!(" Members, lifetimes and specific errors: [`", stringify!($operation), "`].")]
        #[doc = ""]
        #[doc = concat!(" [`", stringify!($operation), "`]: sts_proto::operations::", stringify!($operation))]
        #[doc = ""]
        #[doc = " # Errors"]
        #[doc = ""]
        #[doc = " The errors of [`send`](Self::send)."]
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
        pub $($function)* $method(
            &self,
            $($given: $crate::operations::$input)?
        ) -> ::core::result::Result<$crate::operations::$output, $crate::Error> {
            self.send($sent) $($wait)*
        }
    };
}
