use oxc::allocator::Allocator; use oxc::parser::*; use oxc::span::SourceType;
use std::time::Instant;
fn stack_rss(addr:usize)->usize{
  let s=std::fs::read_to_string("/proc/self/smaps").unwrap(); let mut inside=false;
  for l in s.lines(){ if let Some((r,_))=l.split_once(' '){ if let Some((a,b))=r.split_once('-'){ if let (Ok(a),Ok(b))=(usize::from_str_radix(a,16),usize::from_str_radix(b,16)){ inside=a<=addr&&addr<b; continue; } } }
    if inside && l.starts_with("Rss:"){ return l.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap()*1024; } }
  0
}
fn main(){
  let mode=std::env::args().nth(1).unwrap(); let step:usize=std::env::args().nth(2).unwrap().parse().unwrap(); let n=400usize;
  let st=match mode.as_str(){"ts"=>SourceType::ts(),"tsx"=>SourceType::tsx(),_=>SourceType::mjs()};
  let toks=["(","[","{","<","a","=","=>","!","?",":",",","...","async ","`${","function ","class ","new ","if(","else ","@","typeof ","keyof ","extends ","infer ","await ","yield ","import(","a:","{a:","(a)","(a=","<a>","a<","a?","for(","static{","|","&","-","do ","**","get ","enum ","namespace a","type a=","case ","a=>","()=>","abstract ","as ","is ","asserts ","readonly ","var ","=a","{a=","#a","export default ","super(","a(","?.(","</a>","<a b={",")","]","}",">"];
  let mut pats=vec![]; for a in toks{pats.push(a.to_string()); for b in toks{pats.push(format!("{a}{b}")); }}
  let mut c=0usize; for a in toks{for b in toks{for d in toks{ c+=1; if c%step==0 {pats.push(format!("{a}{b}{d}"));}}}}
  eprintln!("{} patterns",pats.len());
  let mut worst:Vec<(usize,String)>=vec![]; let mut slow=vec![];
  for p in &pats { for pre in ["","x=","type x=","class A{","let "] {
    let src=format!("{pre}{}",p.repeat(n)); let len=p.len();
    if std::env::args().nth(3).is_some(){use std::io::Write; let mut f=std::fs::File::create("/tmp/frontend_pat").unwrap(); write!(f,"{pre}{p}").unwrap();} let (rss,t)=std::thread::Builder::new().stack_size(32<<20).spawn(move||{
      let local=0u8; let al=Allocator::default(); let t=Instant::now(); let r=Parser::new(&al,&src,st).parse(); std::hint::black_box(&r); let t=t.elapsed().as_micros() as usize;
      let slow=t>3000; 
      (if slow||t>60{stack_rss(&raw const local as usize)}else{0},t)
    }).unwrap().join().unwrap();
    worst.push((rss/(n*len),format!("{pre}{p} rss/rep {}",rss/n)));
    if t>8000 { slow.push((t,format!("{pre}{p}"))); }
  }}
  worst.sort_by(|a,b|b.cmp(a)); for w in worst.iter().take(25){println!("{} per byte: {}",w.0,w.1);}
  slow.sort_by(|a,b|b.cmp(a)); println!("slow {}",slow.len()); for w in slow.iter().take(40){println!("{} us: {}",w.0,w.1);}
}
