import { createMemoryStorage } from '../../src/gateway/storage/memory/memory-storage.ts';
import { describeStorage } from './storage-contract.ts';

describeStorage('memory', () => Promise.resolve(createMemoryStorage()));
