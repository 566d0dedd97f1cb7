;; A guest that takes any triggers, answers as it should, and does what a test
;; puts into `$evil` when an event's id begins with `x`. Offsets are those of the canonical ABI.
(module
  (import "action-triggers:engine/kafka@0.1.0" "publish" (func $publish (param i32 i32)))
  (memory (export "memory") 4)
  (global $heap (mut i32) (i32.const 131072))
  ;; By how much the number of outcomes is wrong.
  (global $extra (mut i32) (i32.const 0))

  (data (i32.const 1024) "t")
  (data (i32.const 1028) "b")
  (data (i32.const 1032) "{}")
  ;; What `load` returns: ok, one trigger `t` with one queue to broker `b`.
  (data (i32.const 2048) "\00\00\00\00\20\08\00\00\01\00\00\00\00\00\00\00\00\00\00\00")
  (data (i32.const 2080) "\00\04\00\00\01\00\00\00\01\00\00\00\40\08\00\00\01\00\00\00")
  (data (i32.const 2112) "\04\04\00\00\01\00\00\00")
  ;; What `process` returns: outcomes at 65536, each of 20 zeros: fired nothing.
  (data (i32.const 3072) "\00\00\01\00")
  ;; A message; the event's id is written to its first 8 bytes.
  (data (i32.const 4104) "\00\04\00\00\01\00\00\00\00\00\00\00\00\04\00\00\01\00\00\00")
  (data (i32.const 4124) "\04\04\00\00\01\00\00\00\08\04\00\00\02\00\00\00\08\04\00\00\02\00\00\00")
  (data (i32.const 4216) "\01\00\00\00\00\04\00\00\01\00\00\00")
  ;; A publication of trigger `b`, which does not exist.
  (data (i32.const 8192) "\04\04\00\00\01\00\00\00\00\00\00\00\00\00\00\00\00\04\00\00\01\00\00\00")

  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (local $address i32)
    (local.set $address (i32.and (i32.add (global.get $heap) (i32.const 7)) (i32.const -8)))
    (global.set $heap (i32.add (local.get $address) (local.get 3)))
    (local.get $address))

  (func (export "action-triggers:engine/triggers@0.1.0#load") (param i32 i32 i32 i32) (result i32)
    (global.set $heap (i32.const 131072))
    (i32.const 2048))

  (func $evil EVIL)

  (func $process (export "action-triggers:engine/triggers@0.1.0#process")
    (param $event i32) (param $count i32) (result i32)
    (local $left i32)
    (global.set $extra (i32.const 0))
    (memory.fill (i32.const 65536) (i32.const 0) (i32.const 20))
    (local.set $left (local.get $count))
    (block $done
      (loop $next
        (br_if $done (i32.eqz (local.get $left)))
        (i64.store (i32.const 4096) (i64.load (local.get $event)))
        (if (i32.eq (i32.load8_u (i32.load (local.get $event))) (i32.const 120))
          (then (call $evil)))
        (local.set $event (i32.add (local.get $event) (i32.const 52)))
        (local.set $left (i32.sub (local.get $left) (i32.const 1)))
        (br $next)))
    (global.set $heap (i32.const 131072))
    (i32.store (i32.const 3076) (i32.add (local.get $count) (global.get $extra)))
    (i32.const 3072))

  (func (export "action-triggers:engine/triggers@0.1.0#render") (param i32 i32) (result i32)
    (call $process (local.get 0) (local.get 1)))

  (func (export "action-triggers:engine/triggers@0.1.0#explain")
    (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)
    (call $evil)
    (i32.const 65536)))
