//! What keeps the state small, however much there is.

use serde_json::Value;

use crate::requests::cut;

/// How many elements of a list are shown.
pub const MOST: usize = 200;

/// How many characters of a text that people write are shown.
pub const LONGEST_TEXT: usize = 200;

/// The first [`MOST`] elements, in their order, those that are wanted before others; and how many are left out.
pub fn pick<T>(elements: Vec<T>, is_wanted: impl Fn(&T) -> bool) -> (Vec<T>, usize) {
    let left_out = elements.len().saturating_sub(MOST);
    if left_out == 0 {
        return (elements, 0);
    }
    let wanted = elements.iter().filter(|element| is_wanted(element)).count();
    let (mut of_wanted, mut of_others) = (MOST.min(wanted), MOST.saturating_sub(wanted));
    let picked = elements.into_iter().filter(|element| {
        let left = if is_wanted(element) { &mut of_wanted } else { &mut of_others };
        let is_picked = *left > 0;
        *left = left.saturating_sub(1);
        is_picked
    });
    (picked.collect(), left_out)
}

/// The first [`MOST`] elements of an array, with the beginnings of long texts in them, and how many are left out.
pub fn first(array: Value) -> (Vec<Value>, usize) {
    let Value::Array(elements) = array else { return (Vec::new(), 0) };
    let (mut picked, left_out) = pick(elements, |_| false);
    picked.iter_mut().for_each(shorten);
    (picked, left_out)
}

fn shorten(value: &mut Value) {
    match value {
        Value::String(text) => *text = cut(text, LONGEST_TEXT),
        Value::Array(elements) => elements.iter_mut().for_each(shorten),
        Value::Object(members) => members.values_mut().for_each(shorten),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn long_texts_are_cut_at_any_depth() {
        let long = "x".repeat(1000);
        let (shown, left_out) = first(json!([{"a": [{"b": long}], "c": 1}]));
        let cut = format!("{}…", "x".repeat(LONGEST_TEXT));
        assert_eq!((shown, left_out), (vec![json!({"a": [{"b": cut}], "c": 1})], 0));
    }

    #[test]
    fn wanted_elements_come_before_others_and_the_order_stays() {
        let all = |count: usize| (0..count).collect::<Vec<_>>();
        assert_eq!(pick(all(MOST), |_| false), (all(MOST), 0));
        assert_eq!(pick(all(MOST + 5), |_| false), (all(MOST), 5));
        let (picked, left_out) = pick(all(2 * MOST), |number| *number >= 2 * MOST - 3);
        assert_eq!((picked.len(), left_out), (MOST, MOST));
        assert_eq!(picked[..MOST - 3], all(MOST - 3));
        assert_eq!(picked[MOST - 3..], [2 * MOST - 3, 2 * MOST - 2, 2 * MOST - 1]);
        assert_eq!(pick(all(3 * MOST), |number| *number >= MOST).0, (MOST..2 * MOST).collect::<Vec<_>>());
    }
}
