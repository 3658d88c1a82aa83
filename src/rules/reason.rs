//! A scheme's selection, evaluated for its reasons.

use crate::domain::{MadeOf, Reason, Scheme, Truth};

use super::{
    Compiled, Subject,
    compiled::{Kind, Node},
    truth::{all, any, not},
};

/// Why `scheme` selects the user, or why not. The truth at the root is the answer.
pub fn evaluate(scheme: &Scheme, subject: &Subject<'_>) -> Reason {
    Compiled::new(scheme).explain(subject)
}

impl Compiled {
    /// Why the scheme selects the user, or why not; the truth at the root is that of [`Self::select`].
    pub fn explain(&self, subject: &Subject<'_>) -> Reason {
        let root = self.root.explain(subject);
        let because = match root.truth {
            Truth::True => "selected",
            Truth::False => "not selected",
            Truth::Unknown => "not selected: a fact is missing, and what is unknown never selects",
        };
        Reason { because: because.to_owned(), ..root }
    }
}

/// Removes the reasons for which there is no `room`. Reasons that led to the answer are kept before the others. A
/// scheme may have a thousand conditions, and each user of a sweep gets the reasons.
pub(super) fn shorten(reason: &mut Reason, room: &mut usize) {
    let decisive = match reason.made_of {
        MadeOf::Not => not(reason.truth),
        MadeOf::All | MadeOf::Any | MadeOf::Fact => reason.truth,
    };
    let mut order: Vec<_> = (0..reason.parts.len()).collect();
    order.sort_by_key(|place| reason.parts[*place].truth != decisive);
    let mut kept = vec![false; order.len()];
    for place in order {
        if *room > 0 {
            *room -= 1;
            kept[place] = true;
            shorten(&mut reason.parts[place], room);
        }
    }
    let mut is_kept = kept.iter();
    reason.parts.retain(|_| is_kept.next().copied().unwrap_or(true));
    let left_out = kept.len() - reason.parts.len();
    if left_out > 0 {
        reason.because.push_str(&format!("; {left_out} of {} are left out here", kept.len()));
    }
}

impl Node {
    fn explain(&self, subject: &Subject<'_>) -> Reason {
        let explained = |parts: &[Self]| parts.iter().map(|part| part.explain(subject)).collect::<Vec<_>>();
        match &self.kind {
            Kind::Leaf(leaf) => {
                let looked = leaf.evaluate(subject);
                let told = looked.explain();
                Reason {
                    condition: self.name.to_owned(),
                    truth: looked.truth(),
                    because: told.because,
                    as_of: told.as_of,
                    value: told.value,
                    made_of: MadeOf::Fact,
                    change: told.change,
                    parts: Vec::new(),
                }
            }
            Kind::All(parts) => {
                let parts = explained(parts);
                self.whole(all(parts.iter().map(|part| part.truth)), MadeOf::All, parts)
            }
            Kind::Any(parts) => {
                let parts = explained(parts);
                self.whole(any(parts.iter().map(|part| part.truth)), MadeOf::Any, parts)
            }
            Kind::Not(part) => {
                let part = part.explain(subject);
                self.whole(not(part.truth), MadeOf::Not, vec![part])
            }
        }
    }

    fn whole(&self, truth: Truth, made_of: MadeOf, parts: Vec<Reason>) -> Reason {
        let because = match (self.name, made_of) {
            ("exempt", _) => "a user who is exempt is never touched",
            (_, MadeOf::Any) => "holds when any of its conditions does",
            (_, MadeOf::All) => "holds when all of its conditions do",
            (_, MadeOf::Not | MadeOf::Fact) => "holds when its condition does not",
        };
        Reason {
            condition: self.name.to_owned(),
            truth,
            because: because.to_owned(),
            as_of: None,
            value: None,
            made_of,
            change: None,
            parts,
        }
    }
}
