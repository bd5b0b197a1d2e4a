use b8g_frontend_ts::*; use std::time::Instant;
fn main(){
  let a:Vec<String>=std::env::args().collect(); let n:usize=a.get(2).map(|s|s.parse().unwrap()).unwrap_or(1);
  let mut best=f64::MAX; let mut all=vec![];
  for _ in 0..n { let t=Instant::now(); match build_program(Entry::File(a[1].as_ref()),&Options::default()) {
    Ok(p)=>{ let ms=t.elapsed().as_secs_f64()*1e3; best=best.min(ms); all.push(ms); if n==1 { let unres=p.blob.len(); println!("{} modules {} blob {} files {:.3} ms  kinds esm {} json {} cjs {}",p.modules.len(),unres,p.files.len(),ms,p.modules.iter().filter(|m|m.kind==ModuleKind::Module).count(),p.modules.iter().filter(|m|m.kind==ModuleKind::Json).count(),p.modules.iter().filter(|m|m.kind==ModuleKind::CommonJs).count());
      if a.get(3).is_some(){ for m in &p.modules{println!("  {:?} {} {}",m.kind,m.name,m.source_bytes);} } } }
    Err(e)=>{ println!("{e}"); println!("files read {}",e.files().len()); std::process::exit(1)} } }
  if n>1 { all.sort_by(|a,b|a.total_cmp(b)); println!("best {:.3} median {:.3} ms", best, all[all.len()/2]); }
}
