//! Conditions. `and` and `or` are minijinja's own, which stop at the first answer; every other
//! operator is a function.

use super::{
    super::ast::{Condition, Operator},
    Emitter, Missing,
};

impl Emitter {
    pub(super) fn condition(&mut self, condition: &Condition) {
        match condition {
            Condition::Value(expression) => self.expression(expression, Missing::QuietNone),
            Condition::Not(inner) => {
                self.out.push_str("negate(");
                self.condition(inner);
                self.out.push(')');
            }
            Condition::Operation(Operator::And, operands) => self.all_of(operands),
            Condition::Operation(Operator::Or, operands) => self.any_of(operands),
            Condition::Operation(operator, operands) => {
                self.write(format_args!("{}(", operator.function()));
                for operand in operands {
                    self.condition(operand);
                    self.out.push_str(", ");
                }
                self.out.push(')');
            }
        }
    }

    /// `and`, which stops at the first operand that is false or raises an error.
    fn all_of(&mut self, operands: &[Condition]) {
        self.out.push('(');
        for (place, operand) in operands.iter().enumerate() {
            self.out.push_str(if place > 0 { " and " } else { "" });
            self.condition(operand);
            self.out.push_str("|no_error");
        }
        self.out.push(')');
    }

    /// `or`, which stops at the first operand that is true. One that raises an error makes its
    /// own `or` false, so the first takes the second with it.
    fn any_of(&mut self, operands: &[Condition]) {
        self.out.push_str("((");
        for (place, operand) in operands.iter().enumerate() {
            self.out.push_str(if place > 0 { " or " } else { "" });
            self.condition(operand);
            self.out.push_str(match place {
                0 => "|error_stops",
                1 => "|no_error)|no_stop",
                _ => "|no_error",
            });
        }
        self.out.push(')');
    }
}
