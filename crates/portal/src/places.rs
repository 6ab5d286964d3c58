//! Places that are limited, in all and for each holder: connections of an address, streams of a session.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, PoisonError},
};

/// How many places there are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Most {
    /// For one holder.
    pub of_one: usize,
    /// In all.
    pub in_all: usize,
}

/// The places of all holders.
#[derive(Debug, Clone)]
pub(crate) struct Places<Holder> {
    most: Most,
    taken: Arc<Mutex<Taken<Holder>>>,
}

#[derive(Debug)]
struct Taken<Holder> {
    of: HashMap<Holder, usize>,
    in_all: usize,
}

/// A place, free again when it is dropped.
#[derive(Debug)]
pub(crate) struct Place<Holder: Eq + Hash> {
    holder: Holder,
    taken: Arc<Mutex<Taken<Holder>>>,
}

impl<Holder: Eq + Hash + Clone> Places<Holder> {
    pub fn new(most: Most) -> Self {
        Self { most, taken: Arc::new(Mutex::new(Taken { of: HashMap::new(), in_all: 0 })) }
    }

    /// A place for a holder, if one is left.
    pub fn take(&self, holder: Holder) -> Option<Place<Holder>> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let of_holder = taken.of.get(&holder).copied().unwrap_or_default();
        if of_holder >= self.most.of_one || taken.in_all >= self.most.in_all {
            return None;
        }
        taken.in_all += 1;
        let _ = taken.of.insert(holder.clone(), of_holder + 1);
        Some(Place { holder, taken: Arc::clone(&self.taken) })
    }
}

impl<Holder: Eq + Hash> Drop for Place<Holder> {
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
    fn case_f5_one_holder_takes_no_more_than_its_places_and_gives_them_back() {
        let places = Places::new(Most { of_one: 2, in_all: 3 });
        let (first, _second) = (places.take("one"), places.take("one"));
        assert!(first.is_some() && places.take("one").is_none());
        let _other = places.take("other").expect("another's place is free");
        assert!(places.take("third").is_none(), "none is left in all");
        drop(first);
        assert!(places.take("one").is_some());
    }
}
