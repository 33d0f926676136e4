import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { LoadPage } from './load-page.tsx';

const app = document.getElementById('app');
if (app) {
  createRoot(app).render(
    <StrictMode>
      <LoadPage />
    </StrictMode>,
  );
}
