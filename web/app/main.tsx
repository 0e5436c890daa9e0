import { render } from 'preact';
import { App } from './app.js';
import { LanguageProvider } from './language.js';

const root = document.getElementById('app');
if (root) {
  render(
    <LanguageProvider>
      <App />
    </LanguageProvider>,
    root,
  );
}
