import { StrictMode, type ReactNode } from 'react';
import { createRoot } from 'react-dom/client';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { LoadPage } from './load-page.tsx';
import { LoadReport } from './load-report.tsx';
import { LoginPage } from './login-page.tsx';
import { readEmbedded } from './read-embedded.ts';

function Page(): ReactNode {
  const embedded = readEmbedded();
  switch (embedded.kind) {
    case 'report':
      return <LoadReport load={embedded} />;
    case 'login':
      return <LoginPage login={embedded} />;
    case 'live':
      return <LoadPage canLogOut={embedded.canLogOut} />;
  }
}

const app = document.getElementById('app');
if (app) {
  createRoot(app).render(
    <StrictMode>
      <QueryClientProvider client={new QueryClient()}>
        <Page />
      </QueryClientProvider>
    </StrictMode>,
  );
}
