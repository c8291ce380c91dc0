use std::pin::Pin;

/// `Send`, except on `wasm32-unknown-unknown`: a web page has one thread, and what JavaScript gives stays there.
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
pub trait MaybeSend: Send {}
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
impl<T: Send + ?Sized> MaybeSend for T {}

/// `Sync`, except on `wasm32-unknown-unknown`: a web page has one thread, and what JavaScript gives stays there.
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
pub trait MaybeSync: Sync {}
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
impl<T: Sync + ?Sized> MaybeSync for T {}

/// A future in a box, `Send` as [`MaybeSend`] is.
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// `Send`, except on `wasm32-unknown-unknown`: a web page has one thread, and what JavaScript gives stays there.
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub trait MaybeSend {}
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
impl<T: ?Sized> MaybeSend for T {}

/// `Sync`, except on `wasm32-unknown-unknown`: a web page has one thread, and what JavaScript gives stays there.
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub trait MaybeSync {}
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
impl<T: ?Sized> MaybeSync for T {}

/// A future in a box, `Send` as [`MaybeSend`] is.
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;
