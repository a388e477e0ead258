/** Domain of AWS's services in a region. The partition in China has names of its own. */
export const awsDomain = (region: string): string => (region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com')
