//! "Did you mean …?"

/// The name closest to a mistaken one, if it is close enough to be meant.
pub fn closest<'a>(mistaken: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let most = (mistaken.chars().count() / 3).clamp(1, 3);
    names
        .into_iter()
        .map(|name| (distance(mistaken, name), name))
        .filter(|(distance, _)| *distance <= most)
        .min()
        .map(|(_, name)| name)
}

/// How many letters are to be added, removed, changed or swapped with their
/// neighbour to make one word of the other.
fn distance(one: &str, other: &str) -> usize {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=other.len()).collect();
    for (row, letter) in one.iter().enumerate() {
        let mut current = vec![row + 1];
        for (column, other_letter) in other.iter().enumerate() {
            let get =
                |line: &[usize], place: usize| line.get(place).copied().unwrap_or(usize::MAX / 2);
            let mut best = (get(&above, column) + usize::from(letter != other_letter))
                .min(get(&above, column + 1) + 1)
                .min(get(&current, column) + 1);
            let is_swap = row > 0
                && column > 0
                && one.get(row - 1) == Some(other_letter)
                && other.get(column - 1) == Some(letter);
            if is_swap {
                best = best.min(get(&before, column - 1) + 1);
            }
            current.push(best);
        }
        before = std::mem::replace(&mut above, current);
    }
    above.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_misses_are_found_and_far_ones_are_not() {
        let names = ["upper", "lower", "default", "length"];
        assert_eq!(closest("uper", names), Some("upper"));
        assert_eq!(closest("lenght", names), Some("length"));
        assert_eq!(closest("defualt", names), Some("default"));
        assert_eq!(closest("capitalize", names), None);
    }
}
