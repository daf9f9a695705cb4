//! Rows and what they mean.

use std::fmt::Display;
use std::fmt::Write as _;
use std::str::FromStr;

use sqlx::Row as _;
use sqlx::any::AnyRow;

use crate::{Fault, Millis};

/// What a column holds, as another type.
pub(crate) fn parsed<T: FromStr<Err: Display>>(row: &AnyRow, column: &str) -> Result<T, Fault> {
    row.try_get::<String, _>(column)?.parse().map_err(Fault::foreign)
}

/// A number that is never negative.
pub(crate) fn number(row: &AnyRow, column: &str) -> Result<u64, Fault> {
    Ok(row.try_get::<i64, _>(column)?.cast_unsigned())
}

/// The same where there may be none.
pub(crate) fn some_number(row: &AnyRow, column: &str) -> Result<Option<u64>, Fault> {
    Ok(row.try_get::<Option<i64>, _>(column)?.map(i64::cast_unsigned))
}

/// A time as it is kept.
pub(crate) fn at(time: Millis) -> i64 {
    i64::try_from(time).unwrap_or(i64::MAX)
}

/// Rows are written, and named, so many to a statement: both databases bound its parameters.
pub(crate) const CHUNK: usize = 500;

/// `(…), (…)` for `rows` rows of `columns` parameters each, counted from `first`. `{n}` in `form` is the
/// row's n-th parameter.
pub(crate) fn values(form: &str, rows: usize, columns: usize, first: usize) -> String {
    let mut all = String::with_capacity(rows * (form.len() + 8));
    for row in 0..rows {
        if row > 0 {
            all.push_str(", ");
        }
        let mut rest = form;
        while let Some((before, after)) = rest.split_once('{') {
            all.push_str(before);
            let (name, after) = after.split_once('}').unwrap_or((after, ""));
            let place = name.parse::<usize>().unwrap_or(1);
            // Writing to a string cannot fail.
            let _ = write!(all, "${}", first + row * columns + place - 1);
            rest = after;
        }
        all.push_str(rest);
    }
    all
}

/// `$first, …` for `count` parameters.
pub(crate) fn list(count: usize, first: usize) -> String {
    values("{1}", count, 1, first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_counted_on() {
        assert_eq!(values("($1, {1}, 'x', {2})", 2, 2, 2), "($1, $2, 'x', $3), ($1, $4, 'x', $5)");
        assert_eq!(list(3, 4), "$4, $5, $6");
    }
}
