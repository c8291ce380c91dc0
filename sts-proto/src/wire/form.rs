use std::ops::Range;

use bytes::Bytes;

use super::Shape;
use crate::digits::Decimal;
use crate::escape::{UNRESERVED, from_ascii, pieces};
use crate::secret::Secret;

/// Writes an `application/x-www-form-urlencoded` body as the AWS Query protocol wants it.
///
/// Everything but `A–Z a–z 0–9 - . _ ~` (the unreserved characters of RFC 3986 §2.3) is `%XX` in upper case; a
/// space is `%20`, never `+`, so that the same text is right in a body and in a query string. Structures are
/// flattened with dots and lists with `.member.1`, `.member.2`, …; an empty list is sent as `Name=`.
///
/// ```
/// use sts_proto::wire::{Form, ToForm};
///
/// let mut form = Form::new();
/// form.member("Name", "a b");
/// form.member("Tags", &vec!["x".to_owned(), "y".to_owned()]);
/// assert_eq!(form.finish(), "Name=a%20b&Tags.member.1=x&Tags.member.2=y");
/// ```
#[derive(Default)]
pub struct Form {
    text: Vec<u8>,
    /// Where the text has the name of the member being written, as far as it is known, escaped: `Tags.member.3`. If that is
    /// the end of the text, the value is next.
    name: Range<usize>,
    secrets: Option<Vec<Secret>>,
}

impl Form {
    /// An empty form.
    pub fn new() -> Self {
        Self { text: Vec::with_capacity(INITIAL_CAPACITY), ..Self::default() }
    }

    /// With its first two members, which escaping would not change.
    pub(crate) fn of_action(action: &str, version: &str) -> Self {
        let mut form = Self::new();
        for piece in ["Action=", action, "&Version=", version] {
            form.text.extend_from_slice(piece.as_bytes());
        }
        form
    }

    /// The secret values that `value` would send, and nothing else: for taking them out of a text that is
    /// going to be shown.
    pub fn secrets_of(value: &(impl ToForm + ?Sized)) -> Vec<Secret> {
        Self::secrets_in(&|form| value.write(form))
    }

    /// The secret values that `write` would send.
    pub(crate) fn secrets_in(write: &dyn Fn(&mut Self)) -> Vec<Secret> {
        let mut form = Self { secrets: Some(Vec::new()), ..Self::default() };
        write(&mut form);
        form.secrets.unwrap_or_default()
    }

    /// Writes a member of the structure that is being written. An absent value (`None`) writes nothing.
    pub fn member(&mut self, name: &str, value: &(impl ToForm + ?Sized)) {
        if !value.is_absent() {
            let outer = self.enter(name);
            value.write(self);
            self.leave(outer);
        }
    }

    /// Writes a scalar under the current name.
    pub fn text(&mut self, value: &str) {
        if self.secrets.is_none() {
            self.begin();
            self.text.push(b'=');
            put_escaped(value, &mut self.text);
        }
    }

    /// The same for a number, which has nothing to escape.
    fn number(&mut self, value: &Decimal) {
        if self.secrets.is_none() {
            self.begin();
            self.text.push(b'=');
            self.text.extend_from_slice(value.as_bytes());
        }
    }

    /// Writes a list under the current name, without the items that are absent (`None`).
    pub fn list<T: ToForm>(&mut self, items: &[T]) {
        if items.is_empty() {
            return self.text("");
        }
        // The numbers have no gap, since some servers read a list up to the first that is missing.
        for (index, item) in items.iter().filter(|item| !item.is_absent()).enumerate() {
            let outer = self.begin();
            self.text.extend_from_slice(b".member.");
            self.text.extend_from_slice(Decimal::of(index as u64 + 1).as_bytes());
            self.name.end = self.text.len();
            item.write(self);
            self.leave(outer);
        }
    }

    /// Makes a member the current one.
    fn enter(&mut self, name: &str) -> Outer {
        let outer = self.begin();
        if !self.name.is_empty() {
            self.text.push(b'.');
        }
        put_escaped(name, &mut self.text);
        self.name.end = self.text.len();
        outer
    }

    /// Writes the current name, unless it stands at the end.
    fn begin(&mut self) -> Outer {
        let outer = Outer { length: self.text.len(), name: self.name.clone() };
        if self.name.end != self.text.len() {
            self.text.push(b'&');
            let start = self.text.len();
            if !self.name.is_empty() {
                self.text.extend_from_within(self.name.clone());
            }
            self.name = start..self.text.len();
        }
        outer
    }

    /// Makes the outer member the current one again, and takes back the name of one that wrote nothing.
    fn leave(&mut self, outer: Outer) {
        if self.name.end == self.text.len() {
            self.text.truncate(outer.length);
        }
        self.name = outer.name;
    }

    /// The form as text.
    pub fn finish(self) -> String {
        from_ascii(self.text)
    }

    /// The form as a body.
    pub(crate) fn into_bytes(self) -> Bytes {
        self.text.into()
    }

    fn secret(&mut self, value: &Secret) {
        match &mut self.secrets {
            Some(secrets) => secrets.push(value.clone()),
            None => self.text(value.expose()),
        }
    }
}

/// Where the form was when a member of the current one began.
struct Outer {
    length: usize,
    name: Range<usize>,
}

/// A value that a form can hold.
pub trait ToForm {
    /// What the value is made of: a text unless the type says otherwise.
    const SHAPE: Shape = Shape::Text;

    /// Writes the value under the form's current name, or the members of a structure each under its own.
    fn write(&self, form: &mut Form);

    /// Whether there is nothing to write, as for `None`.
    fn is_absent(&self) -> bool {
        false
    }
}

impl ToForm for str {
    fn write(&self, form: &mut Form) {
        form.text(self);
    }
}

impl ToForm for String {
    fn write(&self, form: &mut Form) {
        form.text(self);
    }
}

impl ToForm for Secret {
    const SHAPE: Shape = Shape::Secret;

    fn write(&self, form: &mut Form) {
        form.secret(self);
    }
}

impl ToForm for u16 {
    const SHAPE: Shape = Shape::Number;

    fn write(&self, form: &mut Form) {
        u64::from(*self).write(form);
    }
}

impl ToForm for u32 {
    const SHAPE: Shape = Shape::Number;

    fn write(&self, form: &mut Form) {
        u64::from(*self).write(form);
    }
}

impl ToForm for u64 {
    const SHAPE: Shape = Shape::Number;

    fn write(&self, form: &mut Form) {
        form.number(&Decimal::of(*self));
    }
}

impl ToForm for i64 {
    const SHAPE: Shape = Shape::Number;

    fn write(&self, form: &mut Form) {
        form.text(&self.to_string());
    }
}

impl ToForm for bool {
    const SHAPE: Shape = Shape::Truth;

    fn write(&self, form: &mut Form) {
        form.text(if *self { "true" } else { "false" });
    }
}

impl<T: ToForm> ToForm for Option<T> {
    const SHAPE: Shape = T::SHAPE;

    fn write(&self, form: &mut Form) {
        if let Some(value) = self {
            value.write(form);
        }
    }

    fn is_absent(&self) -> bool {
        self.as_ref().is_none_or(T::is_absent)
    }
}

impl<T: ToForm> ToForm for Vec<T> {
    const SHAPE: Shape = Shape::List(&T::SHAPE);

    fn write(&self, form: &mut Form) {
        form.list(self);
    }
}

fn put_escaped(text: &str, to: &mut Vec<u8>) {
    pieces(text.as_bytes(), &UNRESERVED, |piece| to.extend_from_slice(piece));
}

/// Holds most requests; a long policy makes it grow.
const INITIAL_CAPACITY: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;

    fn written(name: &str, value: &impl ToForm) -> String {
        let mut form = Form::new();
        form.member(name, value);
        form.finish()
    }

    #[test]
    fn escapes_all_but_the_unreserved_characters() {
        assert_eq!(written("N", &"AZaz09-._~".to_owned()), "N=AZaz09-._~");
        assert_eq!(written("N", &"a b+c*d/é\n🦀".to_owned()), "N=a%20b%2Bc%2Ad%2F%C3%A9%0A%F0%9F%A6%80");
        assert_eq!(written("N", &String::new()), "N=");
    }

    #[test]
    fn absent_is_not_sent_and_empty_is() {
        assert_eq!(written("N", &None::<String>), "");
        assert_eq!(written("N", &Some(Vec::<String>::new())), "N=");
        assert_eq!(written("N", &Some(false)), "N=false");
    }

    #[test]
    fn numbers_of_any_size() {
        for number in [0, 1, 9, 10, 900, 43_200, u64::from(u32::MAX), u64::MAX] {
            assert_eq!(written("N", &number), format!("N={number}"));
        }
        assert_eq!(written("N", &i64::MIN), "N=-9223372036854775808");
        assert!(written("N", &vec![0u32; 1234]).ends_with("&N.member.1234=0"));
    }

    #[test]
    fn structures_and_lists_nest() {
        struct Inner(Option<String>);
        impl ToForm for Inner {
            fn write(&self, form: &mut Form) {
                form.member("arn", &self.0);
            }
        }
        let list = vec![Inner(None), Inner(Some("x".into())), Inner(Some("y".into()))];
        assert_eq!(written("P", &list), "P.member.2.arn=x&P.member.3.arn=y");
    }

    #[test]
    fn items_that_are_absent_leave_no_gap_in_a_list() {
        use crate::wire::Value;
        let (absent, x, y) = (None::<String>, Some("x".to_owned()), Some("y".to_owned()));
        assert_eq!(written("N", &vec![absent.clone(), x, absent.clone(), y]), "N.member.1=x&N.member.2=y");
        assert_eq!(written("N", &vec![absent.clone(), absent]), "");
        let list = Value::List(vec![Value::Absent, Value::from("x"), Value::List(vec![Value::Absent])]);
        assert_eq!(written("N", &list), "N.member.1=x");
    }

    #[test]
    fn secrets_are_collected_instead_of_written() {
        let value = vec![Secret::from("one"), Secret::from("two")];
        assert_eq!(Form::secrets_of(&value), value);
        assert_eq!(written("S", &value), "S.member.1=one&S.member.2=two");
    }
}
