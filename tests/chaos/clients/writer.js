// As writer.py, with node-postgres and its pool: writer.js ASKS PREPARES FIRST STOP
const fs = require('fs');
const { Pool } = require('pg');

const [asks, prepares, first, stop] = process.argv.slice(2);
const MOVED = new Set(['42703', '42P01', '23502', '23503', '0A000', 'CF001']);
const INSERT = {
  v1: "insert into exercises (id, plan_id, title) values ($1::int, 1 + $1::int % 100, 'by a client')",
  v2: "insert into exercises (id, plan_id, owner, title) select $1::int, id, owner, 'by a client' from plans where id = 1 + $1::int % 100",
};
const pool = new Pool({ max: 1 });
let side = null;

async function write(client, number) {
  if (asks === 'select-star') {
    await client.query({ name: 'everything', text: 'select * from exercises where id = 1' });
    return;
  }
  await client.query('begin');
  if (asks === 'behind-lock') {
    await client.query('lock table exercises in row exclusive mode');
  }
  if (asks !== 'after-error') side = null;
  if (side === null) side = (await client.query("select crossfade.owner('gym') as side")).rows[0].side;
  const statement = { text: INSERT[side], values: [number] };
  if (prepares === 'yes') statement.name = 'insert-' + side;
  await client.query(statement);
  await client.query('commit');
}

async function main() {
  let number = Number(first);
  while (!fs.existsSync(stop)) {
    const client = await pool.connect();
    let failed = null;
    try {
      await write(client, number);
      console.log('ok', number++);
    } catch (error) {
      failed = error;
      console.log('failed', error.code);
      side = null;
      await client.query('rollback');
    }
    // A statement that is prepared at the server has the columns of the other side for ever.
    client.release(failed && failed.code === '0A000' ? failed : undefined);
    if (failed && !MOVED.has(failed.code)) throw failed;
    if (!failed) await new Promise((resume) => setTimeout(resume, 30));
  }
  await pool.end();
}

main();
