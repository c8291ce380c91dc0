use super::RetryClass;

/// A token bucket that retries are paid from, so that many failing calls do not overload the service with
/// retries.
#[derive(Debug)]
pub(super) struct Quota {
    left: u32,
}

impl Quota {
    pub(super) fn pay(&mut self, class: RetryClass) -> Option<u32> {
        let cost = if class == RetryClass::Throttling { THROTTLING_COST } else { COST };
        self.left = self.left.checked_sub(cost)?;
        Some(cost)
    }

    pub(super) fn give_back(&mut self, paid: Option<u32>) {
        self.left = self.left.saturating_add(paid.unwrap_or(REFILL)).min(CAPACITY);
    }

    pub(super) fn left(&self) -> u32 {
        self.left
    }
}

impl Default for Quota {
    fn default() -> Self {
        Self { left: CAPACITY }
    }
}

const CAPACITY: u32 = 500;
/// The cost of a retry.
const COST: u32 = 14;
/// The cost of a retry after throttling.
const THROTTLING_COST: u32 = 5;
/// What a call that succeeds without a retry adds.
const REFILL: u32 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retries_cost_tokens_and_success_returns_them() {
        let mut quota = Quota::default();
        quota.give_back(None);
        assert_eq!(quota.left(), 500);
        assert_eq!((quota.pay(RetryClass::Transient), quota.left()), (Some(14), 486));
        assert_eq!((quota.pay(RetryClass::Throttling), quota.left()), (Some(5), 481));
        quota.give_back(Some(5));
        quota.give_back(None);
        assert_eq!(quota.left(), 487);
        let paid = std::iter::from_fn(|| quota.pay(RetryClass::Transient)).count();
        assert_eq!((paid, quota.left()), (34, 11));
        assert_eq!(
            (quota.pay(RetryClass::Throttling), quota.pay(RetryClass::Throttling)),
            (Some(5), Some(5))
        );
        assert_eq!((quota.pay(RetryClass::Throttling), quota.left()), (None, 1));
    }
}
