;; A guest of the component model, written for the interface `b8g:abi` (guests/wit/b8g.wit): sends back every message that comes
;; over its first channel, with the handles that came along. Values lie where the canonical ABI puts them.
(module
  (import "b8g:abi/control@1.0.0" "start" (func $vector (param i32)))
  (import "b8g:abi/operations@1.0.0" "receive" (func $receive (param i32 i32 i32 i32)))
  (import "b8g:abi/operations@1.0.0" "send" (func $send (param i32 i32 i32 i32 i32 i32)))
  (import "b8g:abi/operations@1.0.0" "park" (func $park (param i32 i32 i32 i64 i32)))
  (memory (export "memory") 40)
  (global $top (mut i32) (i32.const 4096))
  (global $channel (mut i32) (i32.const 0))

  ;; Nothing is given back but all at once.
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (local $at i32)
    (local.set $at (i32.and (i32.add (global.get $top) (i32.const 7)) (i32.const -8)))
    (global.set $top (i32.add (local.get $at) (local.get 3)))
    (local.get $at))

  ;; What is answered: a state, or an error.
  (func $ok (param $state i32) (result i32)
    (i32.store8 (i32.const 200) (i32.const 0)) (i32.store8 (i32.const 204) (local.get $state)) (i32.const 200))
  (func $failed (param $error i32) (result i32)
    (i32.store8 (i32.const 200) (i32.const 1)) (i32.store (i32.const 204) (local.get $error)) (i32.const 200))

  ;; Looks for the first entry with the role `channel`, the thirteenth of the enum.
  (func $find (local $at i32) (local $end i32)
    (global.set $channel (i32.const 0))
    (global.set $top (i32.const 4096))
    (call $vector (i32.const 0))
    (if (i32.load8_u (i32.const 0)) (then unreachable))
    (local.set $at (i32.load (i32.const 4)))
    (local.set $end (i32.add (local.get $at) (i32.mul (i32.const 8) (i32.load (i32.const 8)))))
    (block $done (loop $next
      (br_if $done (i32.eq (local.get $at) (local.get $end)))
      (if (i32.eq (i32.load8_u (local.get $at)) (i32.const 12)) (then
        (global.set $channel (i32.load offset=4 (local.get $at)))
        (br $done)))
      (local.set $at (i32.add (local.get $at) (i32.const 8)))
      (br $next))))

  ;; Echoes what there is; then waits, or has ended.
  (func $echo (result i32) (local $error i32)
    (if (i32.eqz (global.get $channel)) (then (return (call $ok (i32.const 0)))))
    (loop $next
      (global.set $top (i32.const 4096))
      (call $receive (global.get $channel) (i32.const 1048576) (i32.const 64) (i32.const 0))
      (if (i32.eqz (i32.load8_u (i32.const 0))) (then
        (call $send (global.get $channel) (i32.load (i32.const 4)) (i32.load (i32.const 8))
          (i32.load (i32.const 12)) (i32.load (i32.const 16)) (i32.const 64))
        (if (i32.load8_u (i32.const 64)) (then (return (call $failed (i32.const -15)))))
        (br $next))))
    (local.set $error (i32.load8_u (i32.const 4)))
    ;; closed
    (if (i32.eq (local.get $error) (i32.const 7)) (then (return (call $ok (i32.const 0)))))
    ;; again
    (if (i32.ne (local.get $error) (i32.const 6)) (then (return (call $failed (i32.const -4)))))
    (i32.store (i32.const 128) (global.get $channel)) (i32.store8 (i32.const 132) (i32.const 1))
    (call $park (i32.const 128) (i32.const 1) (i32.const 0) (i64.const 0) (i32.const 64))
    (if (i32.load8_u (i32.const 64)) (then (return (call $failed (i32.const -15)))))
    (call $ok (i32.const 1)))

  (func (export "b8g:abi/run@1.0.0#start") (result i32) (call $find) (call $echo))
  ;; restored: the handles are others.
  (func (export "b8g:abi/run@1.0.0#event") (param i64 i32 i32 i64) (result i32)
    (if (i32.eq (local.get 1) (i32.const 3)) (then (call $find)))
    (call $echo)))
