//! Conversions for the constructors and setters that the macros make.

use crate::secret::Secret;

/// A value that `new` and the setters of an input accept for a member of type `T`.
pub trait IntoMember<T> {
    /// Converts the value.
    fn into_member(self) -> T;
}

impl IntoMember<u32> for u32 {
    fn into_member(self) -> u32 {
        self
    }
}

impl IntoMember<u64> for u64 {
    fn into_member(self) -> u64 {
        self
    }
}

impl IntoMember<i64> for i64 {
    fn into_member(self) -> i64 {
        self
    }
}

impl IntoMember<bool> for bool {
    fn into_member(self) -> bool {
        self
    }
}

impl IntoMember<String> for String {
    fn into_member(self) -> String {
        self
    }
}

impl IntoMember<String> for &str {
    fn into_member(self) -> String {
        self.to_owned()
    }
}

impl IntoMember<String> for &String {
    fn into_member(self) -> String {
        self.clone()
    }
}

impl IntoMember<Secret> for Secret {
    fn into_member(self) -> Secret {
        self
    }
}

impl IntoMember<Secret> for String {
    fn into_member(self) -> Secret {
        Secret::new(self)
    }
}

impl IntoMember<Secret> for &String {
    fn into_member(self) -> Secret {
        Secret::from(self.as_str())
    }
}

impl IntoMember<Secret> for &str {
    fn into_member(self) -> Secret {
        Secret::from(self)
    }
}

impl<T, U: IntoMember<T>> IntoMember<Vec<T>> for Vec<U> {
    fn into_member(self) -> Vec<T> {
        self.into_iter().map(U::into_member).collect()
    }
}

impl<T, U: IntoMember<T>, const N: usize> IntoMember<Vec<T>> for [U; N] {
    fn into_member(self) -> Vec<T> {
        self.into_iter().map(U::into_member).collect()
    }
}
