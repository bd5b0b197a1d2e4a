;; The third stage, in wasm's text form: turns each capital letter into the thirteenth behind it.
(module
  (import "b8g" "call" (func $call (param i32 i32 i64 i64 i64 i64) (result i64)))
  (memory (export "memory") 2)
  ;; The handle that was given for a role, of the vector at 0.
  (func $given (param $role i32) (result i32) (local $at i32)
    (loop $next
      (if (i32.eq (i32.load (local.get $at)) (local.get $role))
        (then (return (i32.load offset=4 (local.get $at)))))
      (br_if $next (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 8))) (i32.const 512))))
    (i32.const 0))
  (func $turn (param $at i32) (param $end i32) (local $c i32)
    (loop $next
      (if (i32.ge_u (local.get $at) (local.get $end)) (then (return)))
      (local.set $c (i32.sub (i32.load8_u (local.get $at)) (i32.const 65)))
      (if (i32.lt_u (local.get $c) (i32.const 26))
        (then (i32.store8 (local.get $at)
          (i32.add (i32.const 65) (i32.rem_u (i32.add (local.get $c) (i32.const 13)) (i32.const 26))))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br $next)))
  (func (export "b8g_start") (param i32 i32 i32 i32) (result i32)
    (local $in i32) (local $out i32) (local $n i64) (local $done i64) (local $written i64)
    (drop (call $call (i32.const 8) (i32.const 0) (i64.const 1) (i64.const 0) (i64.const 0x0000020000000000) (i64.const 0)))
    (local.set $in (call $given (i32.const 3)))
    (local.set $out (call $given (i32.const 4)))
    (loop $next
      (local.set $n (call $call (i32.const 6) (local.get $in) (i64.const 65536) (i64.const 65536) (i64.const -1) (i64.const 0)))
      (if (i64.eq (local.get $n) (i64.const -7)) (then
        (i32.store (i32.const 1024) (local.get $in))
        (i32.store (i32.const 1028) (i32.const 1))
        (drop (call $call (i32.const 20) (i32.const 0) (i64.const 1024) (i64.const 1) (i64.const -1) (i64.const 1032)))
        (br $next)))
      (if (i64.le_s (local.get $n) (i64.const 0)) (then (return (i32.wrap_i64 (local.get $n)))))
      (call $turn (i32.const 65536) (i32.add (i32.const 65536) (i32.wrap_i64 (local.get $n))))
      (local.set $done (i64.const 0))
      (loop $more
        (local.set $written (call $call (i32.const 7) (local.get $out)
          (i64.add (i64.const 65536) (local.get $done)) (i64.sub (local.get $n) (local.get $done)) (i64.const -1) (i64.const 0)))
        (if (i64.lt_s (local.get $written) (i64.const 0)) (then (return (i32.wrap_i64 (local.get $written)))))
        (br_if $more (i64.lt_s (local.tee $done (i64.add (local.get $done) (local.get $written))) (local.get $n))))
      (br $next))
    (unreachable)))
