use oxc::allocator::Allocator; use oxc::parser::*; use oxc::span::SourceType;
fn main(){
  let mode=std::env::args().nth(1).unwrap(); let step:usize=std::env::args().nth(2).unwrap().parse().unwrap(); let n:usize=std::env::args().nth(3).unwrap().parse().unwrap();
  let st=match mode.as_str(){"ts"=>SourceType::ts(),"tsx"=>SourceType::tsx(),_=>SourceType::mjs()};
  let toks=["(","[","{","<","a","=","=>","!","?",":",",","...","async ","`${","function ","class ","new ","if(","else ","@","typeof ","keyof ","extends ","infer ","await ","yield ","import(","a:","{a:","(a)","(a=","<a>","a<","a?","for(","static{","|","&","-","do ","**","get ","enum ","namespace a","type a=","case ","a=>","()=>","abstract ","as ","is ","asserts ","readonly ","var ","=a","{a=","#a","{[","typeof a<","&&","export default ","super(","a(","?.(","</a>","<a b={",")","]","}",">"];
  let mut pats=vec![]; for a in toks{pats.push(a.to_string()); for b in toks{pats.push(format!("{a}{b}")); }}
  let mut c=0usize; for a in toks{for b in toks{for d in toks{ c+=1; if c%step==0 {pats.push(format!("{a}{b}{d}"));}
     if step>1000 {for e in toks { c+=1; if c%step==0 {pats.push(format!("{a}{b}{d}{e}"));} }} }}}
  let h=std::thread::Builder::new().stack_size(64<<20).spawn(move||{
  let mut found=0; let mut worst=0;
  for p in &pats { for pre in ["","x=","type x=","class A{","let "] {
    let src=format!("{pre}{}",p.repeat(n));
    let al=Allocator::default(); let r=Parser::new(&al,&src,st).parse(); std::hint::black_box(&r);
    let cap=al.capacity()/src.len(); worst=worst.max(cap);
    if cap>30000 { found+=1; if found%1==0{println!("{} {pre}{p}",cap);} }
  }} println!("{} patterns found {found} worst {worst}",pats.len()); }).unwrap(); h.join().unwrap();
}
