; Adding without carry and the carries doubled is adding: no numbers disagree.
(set-logic QF_BV)
(declare-fun x () (_ BitVec 32))
(declare-fun y () (_ BitVec 32))
(assert (not (= (bvadd x y) (bvadd (bvxor x y) (bvshl (bvand x y) #x00000001)))))
(check-sat)
