import * as cheerio from 'cheerio';
const $ = cheerio.load('<ul id="f"><li class="a">Apple</li><li class="b">Böl &amp; x</li></ul><a href="/x?y=1">link</a>');
$('li.a').text('Pear').addClass('z').after('<li>new</li>');
console.log(
  $('li')
    .map((i, el) => $(el).text())
    .get(),
  $('a').attr('href'),
  $.html(),
);
console.log($('ul').children().length, $('li:nth-child(2)').text(), $('#f').find('.b').html(), cheerio.load('<a>x', null, false).html());
console.log($.extract ? $.extract({ items: ['li'] }) : '');
