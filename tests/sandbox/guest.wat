;; A guest that takes any triggers, answers as it should, and does what a test
;; puts into `$evil` when an event's id begins with `x`. Offsets are those of the canonical ABI.
(module
  (import "action-triggers:engine/kafka@0.2.0" "publish" (func $publish (param i32 i32)))
  (memory (export "memory") 4)
  (global $heap (mut i32) (i32.const 131072))
  ;; By how much the number of outcomes is wrong.
  (global $extra (mut i32) (i32.const 0))

  (data (i32.const 1024) "t")
  (data (i32.const 1028) "b")
  (data (i32.const 1032) "{}")
  ;; What `load` returns: ok, one trigger `t` with one queue to broker `b`, whose destination is fixed.
  (data (i32.const 2048) "\00\00\00\00\00\00\00\00\60\08\00\00\01\00\00\00")
  (data (i32.const 2144) "\00\04\00\00\01\00\00\00\01\01\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\c0\08\00\00\01\00\00\00\04")
  (data (i32.const 2240) "\04\04\00\00\01\00\00\00\00\00\00\00\00\00\00\00\08\04\00\00\02\00\00\00\08\04\00\00\02\00\00\00\01")
  ;; What `process` returns: outcomes at 65536, each of 44 bytes: the event's id, fired nothing.
  (data (i32.const 3072) "\00\00\01\00")
  ;; A message of text `t`; the event's place is written to its first 4 bytes.
  (data (i32.const 4200) "\01\00\00\00\00\04\00\00\01\00\00\00")
  ;; Publications: of trigger 7, which does not exist; failed, with the code `b`; with the receipt 5.
  (data (i32.const 8192) "\07\00\00\00")
  (data (i32.const 8232) "\01\00\00\00\04\04\00\00\01\00\00\00")
  (data (i32.const 8268) "\05\00\00\00")

  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (local $address i32)
    (local.set $address (i32.and (i32.add (global.get $heap) (i32.const 7)) (i32.const -8)))
    (global.set $heap (i32.add (local.get $address) (local.get 3)))
    (local.get $address))

  (func (export "action-triggers:engine/triggers@0.2.0#load")
    (param i32 i32 i32 i32 i64 i64 i32 i32 i32 i32 i32) (result i32)
    (global.set $heap (i32.const 131072))
    (i32.const 2048))

  (func (export "action-triggers:engine/triggers@0.2.0#loaded") (result i32)
    (i32.const 16384))

  (func $evil EVIL)

  (func $process (export "action-triggers:engine/triggers@0.2.0#process")
    (param $event i32) (param $count i32) (result i32)
    (local $place i32)
    (local $outcome i32)
    (global.set $extra (i32.const 0))
    (memory.fill (i32.const 65536) (i32.const 0) (i32.mul (local.get $count) (i32.const 44)))
    (local.set $outcome (i32.const 65536))
    (block $done
      (loop $next
        (br_if $done (i32.eq (local.get $place) (local.get $count)))
        (i32.store (i32.const 4096) (local.get $place))
        (i64.store (local.get $outcome) (i64.load (i32.add (local.get $event) (i32.const 8))))
        (if (i32.eq (i32.load8_u (i32.load (i32.add (local.get $event) (i32.const 8)))) (i32.const 120))
          (then (call $evil)))
        (local.set $event (i32.add (local.get $event) (i32.const 16)))
        (local.set $outcome (i32.add (local.get $outcome) (i32.const 44)))
        (local.set $place (i32.add (local.get $place) (i32.const 1)))
        (br $next)))
    (global.set $heap (i32.const 131072))
    (i32.store (i32.const 3076) (i32.add (local.get $count) (global.get $extra)))
    (i32.const 3072))

  (func (export "action-triggers:engine/triggers@0.2.0#render") (param i32 i32) (result i32)
    (call $process (local.get 0) (local.get 1)))

  (func (export "action-triggers:engine/triggers@0.2.0#explain") (param i32 i32) (result i32)
    (call $process (local.get 0) (local.get 1))))
