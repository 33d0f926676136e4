import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import type { ProfilePageData } from '../../lab/profile/profile-set.ts';
import { ProfilePage } from './profile-page.tsx';

const app = document.getElementById('app');
if (app) {
  const text = document.getElementById('profile-data')?.textContent ?? '';
  if (text.trim() === '') {
    app.textContent =
      'This page holds no profile: it is the page itself, without what cpu record or cpu flame writes into it.';
  } else {
    // Written for this very page (lab/profile-files/write-profile-page.ts), so its shape is known.
    const data: ProfilePageData = JSON.parse(text);
    createRoot(app).render(
      <StrictMode>
        <ProfilePage data={data} />
      </StrictMode>,
    );
  }
}
