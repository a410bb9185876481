'use strict';

const by = id => document.getElementById(id);
const messages = [];
let running = null;

function show(message) {
  const turn = document.createElement('div');
  turn.className = 'turn ' + message.role;
  turn.textContent = message.content;
  by('talk').append(turn);
  by('talk').scrollTop = by('talk').scrollHeight;
  return turn;
}

/** Adds to a turn. The end stays in sight, unless the reader has scrolled away from it. */
function add(turn, what) {
  const talk = by('talk');
  const atEnd = talk.scrollHeight - talk.scrollTop - talk.clientHeight < 50;
  turn.append(what);
  if (atEnd) {
    talk.scrollTop = talk.scrollHeight;
  }
}

function problem(text) {
  by('problem').textContent = text;
  by('problem').hidden = !text;
}

function headers() {
  const all = {'Content-Type': 'application/json'};
  if (by('key').value) {
    all.Authorization = 'Bearer ' + by('key').value;
  }
  return all;
}

async function describe() {
  try {
    const health = await (await fetch('health')).json();
    if (health.status !== 'ok') {
      by('kernel').textContent = health.status;
      setTimeout(describe, 1000);
      return;
    }
    by('model').textContent = health.model;
    document.title = health.model;
    by('kernel').textContent = 'kernel ' + health.kernel + (health.why ? ': ' + health.why : '');
  } catch (e) {
    by('kernel').textContent = 'the server does not answer';
  }
}

function question() {
  const body = {
    messages,
    stream: true,
    stream_options: {include_usage: true},
    truncation: 'auto',
    temperature: Number(by('temperature').value),
    max_tokens: Number(by('tokens').value)
  };
  if (by('seed').value) {
    body.seed = Number(by('seed').value);
  }
  return JSON.stringify(body);
}

/** Calls take(object) for each event of the answer. */
async function events(response, take) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  for (;;) {
    const {value, done} = await reader.read();
    if (done) {
      return;
    }
    text += value;
    const parts = text.split('\n\n');
    text = parts.pop();
    for (const part of parts) {
      if (part.startsWith('data: ') && part !== 'data: [DONE]') {
        take(JSON.parse(part.slice(6)));
      }
    }
  }
}

async function answer(turn) {
  const message = {role: 'assistant', content: ''};
  let first = 0;
  let pieces = 0;
  let cut = false;
  const speed = () => {
    const seconds = (performance.now() - first) / 1000;
    by('speed').textContent = pieces + ' tokens, ' + (seconds > 0 ? (pieces / seconds).toFixed(1) : '-') + ' tokens/s';
  };
  const response = await fetch('v1/chat/completions',
      {method: 'POST', headers: headers(), body: question(), signal: running.signal});
  if (!response.ok) {
    throw new Error((await response.json()).error.message);
  }
  try {
    await events(response, event => {
      if (event.error) {
        throw new Error(event.error.message);
      }
      if (event.usage) {
        pieces = event.usage.completion_tokens;
        speed();
        by('speed').textContent += ', seed ' + event.seed;
        return;
      }
      const choice = event.choices[0];
      cut = cut || choice.finish_reason === 'length';
      if (choice.delta.content) {
        first = first || performance.now();
        pieces++;
        message.content += choice.delta.content;
        add(turn, choice.delta.content);
        speed();
      }
    });
  } finally {
    if (message.content) {
      messages.push(message);
    }
  }
  if (cut) {
    const note = document.createElement('div');
    note.className = 'cut';
    note.textContent = '(cut: the most tokens, or the context is full)';
    add(turn, note);
  }
}

function busy(on) {
  by('send').disabled = on;
  by('clear').disabled = on;
  by('stop').disabled = !on;
}

async function send() {
  const content = by('text').value.trim();
  if (!content || running) {
    return;
  }
  problem('');
  const mine = {role: 'user', content};
  messages.push(mine);
  show(mine);
  by('text').value = '';
  running = new AbortController();
  busy(true);
  const turn = show({role: 'assistant', content: ''});
  try {
    await answer(turn);
  } catch (e) {
    if (e.name !== 'AbortError') {
      problem(e.message);
    }
    if (!turn.textContent) {
      turn.remove();
      messages.pop();
      by('text').value = content;
    }
  } finally {
    running = null;
    busy(false);
    by('text').focus();
  }
}

function stop() {
  if (running) {
    running.abort();
  }
}

by('ask').addEventListener('submit', event => {
  event.preventDefault();
  send();
});
by('text').addEventListener('keydown', event => {
  if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    send();
  }
});
document.addEventListener('keydown', event => {
  if (event.key === 'Escape') {
    stop();
  }
});
by('stop').addEventListener('click', stop);
by('clear').addEventListener('click', () => {
  messages.length = 0;
  by('talk').replaceChildren();
  by('speed').textContent = '';
  problem('');
  by('text').focus();
});
describe();
