use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::{Request, Response};

use super::answer::Answer;
use super::received::Received;
use crate::transport::{TransportError, TransportErrorKind};

/// Answers requests in place of the network, and keeps them. Clones are the same service. See [the module](super).
#[derive(Clone)]
pub struct Service(Arc<Inner>);

struct Inner {
    answer: Box<dyn Fn(&Received) -> Answer + Send + Sync>,
    received: Mutex<Vec<Received>>,
}

impl Service {
    /// Answers with what the closure makes of a request: an output, a [`Refusal`](super::Refusal), or anything else that is an
    /// [`Answer`]. The closure may block, and may be called for several requests at a time.
    ///
    /// ```
    /// use sts_proto::operations::GetCallerIdentityOutput;
    /// use sts_proto::testing::Service;
    ///
    /// let service = Service::new(|request| {
    ///     let id = request.access_key_id().unwrap_or_default();
    ///     let arn = "arn:aws:iam::123456789012:user/a";
    ///     GetCallerIdentityOutput::new(id, "123456789012", arn)
    /// });
    /// ```
    pub fn new<A: Into<Answer>>(answer: impl Fn(&Received) -> A + Send + Sync + 'static) -> Self {
        let answer = Box::new(move |request: &Received| answer(request).into());
        Self(Arc::new(Inner { answer, received: Mutex::default() }))
    }

    /// Gives these in turn. A request for which none is left fails, and is not repeated. Answers that are left over at the end are
    /// no failure by themselves: compare the number of [`received`](Self::received).
    pub fn answering<A: Into<Answer>>(answers: impl IntoIterator<Item = A>) -> Self {
        let answers: VecDeque<Answer> = answers.into_iter().map(Into::into).collect();
        let (count, answers) = (answers.len(), Mutex::new(answers));
        Self::new(move |request| {
            let next = answers.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
            next.unwrap_or_else(|| {
                let what = match request.operation() {
                    "" => request.uri().path(),
                    action => action,
                };
                let problem =
                    format!("the {count} answers of the test are used up, and there is none for {what}");
                TransportError::from(TransportErrorKind::Unsupported).saying(problem).into()
            })
        })
    }

    /// The requests so far.
    pub fn received(&self) -> Vec<Received> {
        self.kept().clone()
    }

    /// Forgets the requests so far.
    pub fn forget(&self) {
        self.kept().clear();
    }

    /// Answers a request: for a transport of one's own, and for a program that drives flows.
    ///
    /// # Errors
    ///
    /// One that a test answers with; that no answer is left.
    pub fn answer(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let received = Received::new(request);
        let answer = (self.0.answer)(&received);
        let response = answer.to(received.operation());
        self.kept().push(received);
        response
    }

    fn kept(&self) -> MutexGuard<'_, Vec<Received>> {
        self.0.received.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl From<&Self> for Service {
    fn from(service: &Self) -> Self {
        service.clone()
    }
}

impl<A: Into<Answer>> From<Vec<A>> for Service {
    fn from(answers: Vec<A>) -> Self {
        Self::answering(answers)
    }
}

impl<A: Into<Answer>, const N: usize> From<[A; N]> for Service {
    fn from(answers: [A; N]) -> Self {
        Self::answering(answers)
    }
}

/// Prints the requests so far.
impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service").field("received", &*self.kept()).finish_non_exhaustive()
    }
}
