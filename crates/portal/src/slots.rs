//! Slots with a limit in total and per holder: connections of an address, streams of a session.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, PoisonError},
};

/// The limits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Most {
    /// Per holder.
    pub of_one: usize,
    /// In total.
    pub in_all: usize,
}

/// The slots of all holders.
#[derive(Debug, Clone)]
pub(crate) struct Slots<Holder> {
    most: Most,
    taken: Arc<Mutex<Taken<Holder>>>,
}

#[derive(Debug)]
struct Taken<Holder> {
    of: HashMap<Holder, usize>,
    in_all: usize,
}

/// A slot. Dropping it frees it.
#[derive(Debug)]
pub(crate) struct Slot<Holder: Eq + Hash> {
    holder: Holder,
    taken: Arc<Mutex<Taken<Holder>>>,
}

impl<Holder: Eq + Hash + Clone> Slots<Holder> {
    pub fn new(most: Most) -> Self {
        Self { most, taken: Arc::new(Mutex::new(Taken { of: HashMap::new(), in_all: 0 })) }
    }

    /// Takes a slot for a holder, if one is left.
    pub fn take(&self, holder: Holder) -> Option<Slot<Holder>> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let of_holder = taken.of.get(&holder).copied().unwrap_or_default();
        if of_holder >= self.most.of_one || taken.in_all >= self.most.in_all {
            return None;
        }
        taken.in_all += 1;
        let _ = taken.of.insert(holder.clone(), of_holder + 1);
        Some(Slot { holder, taken: Arc::clone(&self.taken) })
    }
}

impl<Holder: Eq + Hash> Drop for Slot<Holder> {
    fn drop(&mut self) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.in_all -= 1;
        if let Some(of_holder) = taken.of.get_mut(&self.holder) {
            *of_holder -= 1;
            if *of_holder == 0 {
                let _ = taken.of.remove(&self.holder);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_f5_one_holder_takes_no_more_than_its_slots_and_gives_them_back() {
        let slots = Slots::new(Most { of_one: 2, in_all: 3 });
        let (first, _second) = (slots.take("one"), slots.take("one"));
        assert!(first.is_some() && slots.take("one").is_none());
        let _other = slots.take("other").expect("another's slot is free");
        assert!(slots.take("third").is_none(), "none is left in all");
        drop(first);
        assert!(slots.take("one").is_some());
    }
}
